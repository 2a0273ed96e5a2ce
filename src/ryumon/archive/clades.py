"""How well a program and its descendants do, counted as they are told, at a bounded cost for each.

A program succeeds where it ran and its score is no worse than the median of the last `WINDOW` programs that ran, the
first one always. Its success or failure counts for itself and for its nearest `GENERATIONS` ancestors along first
parents: a clade is cut off there, so that a long line costs no more than a short one.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ryumon.score import Direction

if TYPE_CHECKING:
    from ryumon.archive.index import Entry

WINDOW = 64
GENERATIONS = 64


class Clades:
    """The successes and failures of every clade, kept in the entries themselves."""

    def __init__(self, direction: Direction, entries: "Mapping[str, Entry]") -> None:
        self._sign = 1.0 if direction == "minimize" else -1.0
        self._entries = entries
        self._recent: deque[float] = deque()
        self._sorted: list[float] = []

    def add(self, entry: "Entry", standing: float | None) -> None:
        """Counts what became of a program, of which `standing` is the score it competes with, None where it failed."""
        entry.succeeded = standing is not None and self._passes(self._sign * standing)
        for ancestor in self._line(entry):
            if entry.succeeded:
                ancestor.clade_wins += 1
            else:
                ancestor.clade_losses += 1

    def revoke(self, entry: "Entry") -> None:
        """Turns a success into a failure."""
        if not entry.succeeded:
            return
        entry.succeeded = False
        for ancestor in self._line(entry):
            ancestor.clade_wins -= 1
            ancestor.clade_losses += 1

    def _passes(self, loss: float) -> bool:
        """Holds `loss`, lower being better, against the recent ones, and takes it in."""
        passes = not self._sorted or loss <= self._sorted[len(self._sorted) // 2]
        if len(self._recent) == WINDOW:
            del self._sorted[bisect_left(self._sorted, self._recent.popleft())]
        self._recent.append(loss)
        insort(self._sorted, loss)
        return passes

    def _line(self, entry: "Entry") -> "Iterator[Entry]":
        """Yields the program, its first parent, and so on. Indices fall along a line, so no line is a ring."""
        for _ in range(GENERATIONS + 1):
            yield entry
            parent = self._entries.get(entry.parents[0]) if entry.parents else None
            if parent is None or parent.index >= entry.index:
                return
            entry = parent
