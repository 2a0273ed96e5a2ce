"""Disjoint circles with the largest sum of radii, in the unit square or a rectangle of perimeter 4. Tolerance 0.

Problems 12 and 13 of appendix B of Novikov et al., AlphaEvolve (2025); after E. Friedman's Packing Center.
"""

import math
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import Candidate, Case
from ryumon.tasks.records.verifiers.construction import Construction

# Far above the error of a distance computed in floats between points no further than 2 from the origin: below 1e-14.
CLEARLY_APART = 1e-9

Circle = tuple[Fraction, Fraction, Fraction]  # x, y, radius


class CirclesInSquare(Construction):
    """`count` circles in the unit square."""

    count: ClassVar[int]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the sum of radii, rounded once."""
        circles = claims.array(program.call("packing.py:pack"), np.float64, (self.count, 3), "the circles")
        self.verify(circles)
        return Result(score=math.fsum(circles[:, 2]), feedback=f"smallest radius {circles[:, 2].min():.6f}")

    def verify(self, circles: NDArray[np.float64]) -> None:
        """Raises `InvalidClaim` unless the circles, rows of x, y, radius, are a packing."""
        verify_in_square(circles)
        verify_apart(circles)


class CirclesInRectangle(CirclesInSquare):
    """`count` circles in a rectangle of perimeter 4 that has a corner at the origin and is as small as holds them."""

    def verify(self, circles: NDArray[np.float64]) -> None:
        """Raises `InvalidClaim` unless the circles, rows of x, y, radius, are a packing."""
        verify_in_rectangle(circles)
        verify_apart(circles)


def exact(circles: NDArray[np.float64]) -> list[Circle]:
    """Returns the circles as rational numbers; raises `InvalidClaim` where a radius is not above 0."""
    found = [(Fraction(x), Fraction(y), Fraction(r)) for x, y, r in circles.tolist()]
    for index, (_, _, r) in enumerate(found):
        if r <= 0:
            raise claims.InvalidClaim(f"circle {index} has radius {float(r)}; radii are above 0")
    return found


def verify_in_square(circles: NDArray[np.float64]) -> None:
    """Raises `InvalidClaim` unless all radii are above 0 and all circles lie in [0, 1] × [0, 1]."""
    for index, (x, y, r) in enumerate(exact(circles)):
        excess = max(r - x, x + r - 1, r - y, y + r - 1)
        if excess > 0:
            raise claims.InvalidClaim(f"circle {index} reaches out of the unit square by {float(excess):.3g}")


def verify_in_rectangle(circles: NDArray[np.float64]) -> None:
    """Raises `InvalidClaim` unless all radii are above 0 and all circles lie in [0, w] × [0, h] for some w + h = 2."""
    found = exact(circles)
    for index, (x, y, r) in enumerate(found):
        excess = max(r - x, r - y)
        if excess > 0:
            raise claims.InvalidClaim(f"circle {index} reaches over an axis by {float(excess):.3g}")
    width, height = max(x + r for x, _, r in found), max(y + r for _, y, r in found)
    if width + height > 2:
        sides = f"{float(width)} and {float(height)}, {float(width + height - 2):.3g}"
        raise claims.InvalidClaim(f"width and height are {sides} above 2 in all")


def verify_apart(circles: NDArray[np.float64]) -> None:
    """Raises `InvalidClaim` where two circles overlap; touching is fine. No circle lies further than 2 from an axis.

    Each float is taken as the rational number that it is, so no rounding decides.
    """
    rational = exact(circles)
    for i, j in suspects(circles):
        (x, y, r), (u, v, s) = rational[i], rational[j]
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
