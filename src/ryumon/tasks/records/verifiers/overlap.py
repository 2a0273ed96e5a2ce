"""Erdős's minimum overlap problem, for step functions. Tolerance 0.

Haugland, The minimum overlap problem revisited (2016): the constant is the infimum, over step functions h on [0, 2]
with values in [0, 1] and ∫h = 1, of max over k of ∫h(x)(1 − h(x + k))dx, where both x and x + k lie in [0, 2]. Problem
5 of appendix B of Novikov et al., AlphaEvolve (2025).
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import Candidate, Case
from ryumon.tasks.records.verifiers.construction import Construction
from ryumon.tasks.records.verifiers.steps import convolution, heights


class MinimumOverlap(Construction):
    """n steps of width 2/n on [0, 2]; the heights v stand for h = v·n / (2Σv), so that ∫h is 1 exactly."""

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the largest overlap, to be minimised."""
        numbers = heights(program.call("heights.py:heights"))
        highest = Fraction(max(numbers) * len(numbers), 2 * sum(numbers))
        if highest > 1:
            where, excess = numbers.index(max(numbers)), float(highest - 1)
            raise claims.InvalidClaim(f"scaled to an integral of 1, height {where} is above 1 by {excess:.3g}")
        found = overlaps(numbers)
        shift = found.index(max(found)) - len(numbers) + 1
        feedback = f"{len(numbers)} steps, the overlap is largest at a shift of {shift} steps"
        return Result(float(Fraction(max(found), 2 * sum(numbers) ** 2)), feedback=feedback)


def overlaps(numbers: Sequence[int]) -> list[int]:
    """Returns the overlap at the shifts by −n + 1 to n − 1 steps, times 2·S² with S = Σ numbers.

    At a shift by j steps it is (2/n)·Σ hᵢ(1 − hᵢ₊ⱼ) over the i for which both are steps; with h = v·n / (2S) that is
    (2S·W − n·R) / 2S², where W = Σ vᵢ and R = Σ vᵢvᵢ₊ⱼ. In the shift it is linear between whole steps, and 0 from n
    steps on (see `steps`: x ↦ h(−x) is a step function too), so the largest of these is the largest of all.
    """
    count, total = len(numbers), sum(numbers)
    ends = list(accumulate(reversed(numbers)))  # W for j = −n + 1, …, 0: the last n + j steps have a partner
    starts = list(accumulate(numbers))[-2::-1]  # W for j = 1, …, n − 1: the first n − j steps have one
    paired = convolution(numbers, numbers[::-1])  # R, the same for j and −j
    return [2 * total * w - count * r for w, r in zip(ends + starts, paired, strict=True)]
