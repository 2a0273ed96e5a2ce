"""Floats as the rational numbers that they are: whole numbers over one power of two."""

from collections.abc import Sequence


def numerators(values: Sequence[float]) -> tuple[list[int], int]:
    """Returns whole numbers n and one denominator d, a power of two, with each value n / d exactly. Values are finite.

    At most 2,100 bits each, so that sums and products of a few stay cheap whatever the floats are.
    """
    ratios = [value.as_integer_ratio() for value in values]
    common = max((denominator for _, denominator in ratios), default=1)
    return [numerator * (common // denominator) for numerator, denominator in ratios], common
