"""Rules that choose a parent from a population. One small file for each; registered as `ryumon.parents`."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ryumon.archive.member import Member


class ParentRule(Protocol):
    """A way to choose parents. Made as `factory(direction, **options)`; it sees at most 1,024 members.

    A pick is a function of the members, in their order, and of `rng`; it leaves the members alone.
    """

    def pick(self, members: Sequence[Member], rng: np.random.Generator) -> Member:
        """Returns one of `members`, which are ordered best first and at least one."""


def drawn(members: Sequence[Member], weights: NDArray[np.float64], rng: np.random.Generator) -> Member:
    """Returns a member by its weight, which is at least 0 and for one of them more."""
    bounds = np.cumsum(weights)
    return members[min(int(np.searchsorted(bounds, rng.random() * bounds[-1], "right")), len(members) - 1)]
