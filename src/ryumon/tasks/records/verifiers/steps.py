"""Step functions with equal steps, and their convolutions in whole numbers.

Where f and g are constant on each of n intervals of width w, f ∗ g is continuous, and linear between multiples of w: it
is a sum of convolutions of two such intervals, and each of those is a triangle whose corners are multiples of w. So the
values at these *knots* say everything: the largest value is at a knot, and integrals are sums over knots. At the knot
(k + 1)·w it is w·Σᵢ fᵢ·gₖ₋ᵢ.
"""

import decimal
from collections.abc import Sequence

import numpy as np

from ryumon.evaluation import claims
from ryumon.tasks.records.verifiers.dyadic import numerators

MOST_STEPS = 65_536
# A product of 6 million digits takes about half a second of CPU time; a task asks for three at most.
MOST_DIGITS = 6_000_000

_EXACT = decimal.Context(
    prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[decimal.Inexact, decimal.Rounded]
)


def heights(claim: object, *, signed: bool = False) -> list[int]:
    """Returns the heights of a claimed step function, whole numbers in a common unit; raises `InvalidClaim` unless it
    is one with a sum above 0, and cheap enough to be verified exactly."""
    values = claims.array(claim, np.float64, (None,), "the heights")
    if not 1 <= len(values) <= MOST_STEPS:
        raise claims.InvalidClaim(f"there are {len(values)} heights; from 1 to {MOST_STEPS} are allowed")
    if not signed and (values < 0).any():
        raise claims.InvalidClaim(f"height {int(np.argmax(values < 0))} is below 0")
    numbers, _ = numerators(values.tolist())
    if sum(numbers) <= 0:
        raise claims.InvalidClaim("the heights' sum is not above 0")
    if len(numbers) * _places(numbers, numbers) > MOST_DIGITS:
        raise claims.InvalidClaim(
            f"{len(numbers)} heights from {np.abs(values[values != 0]).min():.3g} to {np.abs(values).max():.3g} take "
            "too long to verify exactly; round the smallest to 0, or use fewer"
        )
    return numbers


def convolution(left: Sequence[int], right: Sequence[int]) -> list[int]:
    """Returns Σᵢ leftᵢ·rightₖ₋ᵢ for each k, exactly. Numbers are at least 0.

    Kronecker's substitution: numbers written one after the other, each with room for the largest sum, are multiplied as
    two long numbers. `decimal` does that by number-theoretic transforms, in quasi-linear time.
    """
    places = _places(left, right)
    product = _EXACT.multiply(_joined(left, places), _joined(right, places))
    digits = str(product).zfill(places * (len(left) + len(right) - 1))
    return [int(digits[start : start + places]) for start in range(0, len(digits), places)]


def autoconvolution(numbers: Sequence[int]) -> list[int]:
    """Returns Σᵢ numbersᵢ·numbersₖ₋ᵢ for each k, exactly, for numbers of either sign."""
    above, below = [max(0, number) for number in numbers], [max(0, -number) for number in numbers]
    if not any(below):
        return convolution(above, above)
    products = convolution(above, above), convolution(below, below), convolution(above, below)
    return [p + q - 2 * r for p, q, r in zip(*products, strict=True)]


def _places(left: Sequence[int], right: Sequence[int]) -> int:
    """Returns how many decimal digits hold each sum of a convolution."""
    largest = max(map(abs, left)) * max(map(abs, right)) * min(len(left), len(right))
    return len(str(largest))


def _joined(numbers: Sequence[int], places: int) -> decimal.Decimal:
    return decimal.Decimal("".join(str(number).zfill(places) for number in numbers))
