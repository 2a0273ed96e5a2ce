"""Rules that choose a parent from a population. One small file for each; registered as `ryumon.parents`."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ryumon.archive.member import Member


class ParentRule(Protocol):
    """A way to choose parents. It sees at most 1,024 members, and keeps no state."""

    def pick(self, members: Sequence[Member], rng: np.random.Generator) -> Member:
        """Returns one of `members`, which are ordered best first and at least one."""
