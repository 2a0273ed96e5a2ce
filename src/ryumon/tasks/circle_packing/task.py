"""26 circles in the unit square: an exact verifier of the claimed packing. Tolerance 0."""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import Candidate, Case, Split, Task

CIRCLES = 26
# Far above the error of a distance computed in floats between points of the unit square, which is below 1e-15.
CLEARLY_APART = 1e-9


class CirclePacking(Task):
    """One case, no input: the candidate returns its circles."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns the one case."""
        return [Case(f"n{CIRCLES}")]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the sum of radii, rounded once."""
        circles = claims.array(program.call("packing.py:pack"), np.float64, (CIRCLES, 3), "the circles")
        verify(circles)
        return Result(score=math.fsum(circles[:, 2]), feedback=f"smallest radius {circles[:, 2].min():.6f}")


def verify(circles: NDArray[np.float64]) -> None:
    """Raises `InvalidClaim` unless all circles (x, y, r) lie in the unit square and no two overlap; touching is fine.

    Each float is taken as the rational number that it is, so no rounding decides.
    """
    exact = [tuple(Fraction(value) for value in circle) for circle in circles.tolist()]
    for index, (x, y, r) in enumerate(exact):
        if r <= 0:
            raise claims.InvalidClaim(f"circle {index} has radius {float(r)}; radii are above 0")
        excess = max(r - x, x + r - 1, r - y, y + r - 1)
        if excess > 0:
            raise claims.InvalidClaim(f"circle {index} reaches out of the unit square by {float(excess):.3g}")
    for i, j in suspects(circles):
        (x, y, r), (u, v, s) = exact[i], exact[j]
        missing = (r + s) ** 2 - (x - u) ** 2 - (y - v) ** 2
        if missing > 0:
            overlap = float(missing / (2 * (r + s)))
            raise claims.InvalidClaim(
                f"circles {i} and {j} overlap by about {overlap:.3g}; a margin of 1e-12 is enough"
            )


def suspects(circles: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Returns the pairs that are not clearly apart, the only ones that need exact arithmetic."""
    x, y, r = circles.T
    gaps = np.hypot(x[:, None] - x, y[:, None] - y) - (r[:, None] + r)
    first, second = np.nonzero(np.triu(gaps <= CLEARLY_APART, 1))
    return list(zip(first.tolist(), second.tolist(), strict=True))
