"""How strong a sandbox is. The order lives here and nowhere else."""

from typing import Literal

Tier = Literal["A", "B", "C"]
_WEAKEST_FIRST: tuple[Tier, ...] = ("C", "B", "A")


def at_least(tier: Tier, floor: Tier) -> bool:
    """Returns whether `tier` is as strong as `floor`, or stronger."""
    return _WEAKEST_FIRST.index(tier) >= _WEAKEST_FIRST.index(floor)


def stronger(a: Tier, b: Tier) -> Tier:
    """Returns the stronger of two tiers."""
    return a if at_least(a, b) else b
