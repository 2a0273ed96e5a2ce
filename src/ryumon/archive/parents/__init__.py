"""Rules that choose a parent from a population. One small file for each; registered as `ryumon.parents`."""

from collections.abc import Sequence
from typing import Protocol

import msgspec
import numpy as np

from ryumon.archive.index import Entry
from ryumon.program import Program


class Member(msgspec.Struct, frozen=True):
    """A program that may have children, with its entry and the score it competes with."""

    program: Program
    entry: Entry
    score: float

    @property
    def behaviour(self) -> str:
        """The id of the first program that behaves as this one: its own, or that of which it is a twin."""
        return self.entry.twin or self.entry.id


class ParentRule(Protocol):
    """A way to choose parents. It sees at most 1,024 members, and keeps no state."""

    def pick(self, members: Sequence[Member], rng: np.random.Generator) -> Member:
        """Returns one of `members`, which are ordered best first and at least one."""
