"""Three inequalities between a step function on [−1/4, 1/4] and its autoconvolution f ∗ f. Tolerance 0.

Problems 1 to 3 of appendix B of Novikov et al., AlphaEvolve (2025), after Matolcsi and Vinuesa, Improved bounds on the
supremum of autoconvolutions (2010), and Vinuesa's thesis (2009). With n steps of width w = 1/(2n) and heights a, f ∗ f
is linear between its knots, where it is w·c with c = a ∗ a, and 0 at both ends (see `steps`); ∫f = w·Σa. All three
values stay the same where f is multiplied by a number, so they are computed in whole numbers, and rounded once.
"""

from collections.abc import Sequence
from fractions import Fraction

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import Candidate, Case
from ryumon.tasks.records.verifiers.construction import Construction
from ryumon.tasks.records.verifiers.steps import autoconvolution, heights

LARGEST = 10**12  # of a score to be minimised; beyond it the sum is as good as 0


class Peak(Construction):
    """The first inequality, to be minimised: max f ∗ f over (∫f)², for f of at least 0."""

    signed = False

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns 2n·max(a ∗ a) / (Σa)². The maximum is at a knot, since f ∗ f is linear in between."""
        numbers = heights(program.call("heights.py:heights"), signed=self.signed)
        products = autoconvolution(numbers)
        score = peak(numbers, products)
        if score > LARGEST:
            raise claims.InvalidClaim("the heights cancel: their sum is as good as 0")
        deepest = -min(0, min(products)) / max(products)
        feedback = f"{len(numbers)} steps, the autoconvolution is largest at knot {products.index(max(products)) + 1}"
        return Result(float(score), metrics={"deepest": deepest}, feedback=feedback)


class SignedPeak(Peak):
    """The third inequality: the same for f of either sign.

    It is the peak that counts, not the largest absolute value; `deepest` in the metrics is how far f ∗ f goes below 0,
    as a share of the peak, so where that is at most 1 the score is the value for |f ∗ f| too.
    """

    signed = True


class Flatness(Construction):
    """The second inequality, to be maximised: ‖f ∗ f‖₂² / (‖f ∗ f‖₁·‖f ∗ f‖∞), for f of at least 0."""

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the quotient of norms, each an exact integral of a piecewise linear function."""
        numbers = heights(program.call("heights.py:heights"))
        feedback = f"{len(numbers)} steps, the largest is number {numbers.index(max(numbers))}"
        return Result(float(flatness(autoconvolution(numbers))), feedback=feedback)


def peak(numbers: Sequence[int], products: Sequence[int]) -> Fraction:
    """Returns 2n·max(products) / (Σ numbers)², above 0 since the products sum to (Σ numbers)²."""
    return Fraction(2 * len(numbers) * max(products), sum(numbers) ** 2)


def flatness(products: Sequence[int]) -> Fraction:
    """Returns ‖g‖₂² / (‖g‖₁·‖g‖∞) for the g ≥ 0 that has these values at its knots, 0 at both ends, and is linear
    between: ∫g² over a piece from p to q is its width times (p² + pq + q²) / 3, and ∫g is the width times the sum."""
    pieces = zip([0, *products], [*products, 0], strict=True)
    return Fraction(sum(p * p + p * q + q * q for p, q in pieces), 3 * sum(products) * max(products))
