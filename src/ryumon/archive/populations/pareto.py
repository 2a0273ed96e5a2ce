"""A bounded Pareto front: programs that are best at something stay, however poor their mean.

Objectives are the score, and with it the scores of the single cases, as in GEPA's front (arXiv 2507.19457), or named
metrics, each with its direction. A newcomer always enters; beyond the capacity the member leaves that the most others
dominate (the rank of Fonseca and Fleming 1993), among equals the one with the smallest crowding distance (Deb et al.
2002, NSGA-II, section III-B), then the worst by score. Other than there, only the best end of an
objective has an infinite distance: the worst end of a front over cases deserves no protection.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.archive.member import Member, ranking
from ryumon.archive.populations import checked_capacity
from ryumon.archive.populations.ordered import Ordered
from ryumon.score import Direction

Matrix = NDArray[np.float64]


class Pareto:
    """At most `capacity` members. `objectives` maps metrics to directions; empty: the cases' scores.

    A member whose cases are not known, or are not as many as the first member's, has its score on each.
    """

    def __init__(self, direction: Direction, capacity: int, objectives: Mapping[str, Direction] | None = None) -> None:
        self._capacity = checked_capacity(capacity)
        self._sign = _sign(direction)
        self._objectives = {name: _sign(each) for name, each in (objectives or {}).items()}
        self._held = Ordered(ranking(direction))
        self._losses: Matrix | None = None
        self._dominators = np.zeros(0, int)

    @property
    def members(self) -> Sequence[Member]:
        """The members, best score first; the front itself and, while there is room, what it dominates."""
        return self._held.members

    def admit(self, member: Member) -> bool:
        """Takes `member`, then lets one go where there are too many; returns whether it is now in."""
        if self._held.knows(member):
            return False
        row = self._row(member)
        losses = self._losses if self._losses is not None else np.zeros((0, len(row)))
        no_worse, no_better = (losses <= row).all(axis=1), (losses >= row).all(axis=1)
        place = self._held.insert(member)
        counts = self._dominators + (no_better & ~no_worse)
        self._dominators = np.insert(counts, place, int((no_worse & ~no_better).sum()))
        self._losses = np.insert(losses, place, row, axis=0)
        if len(self._held) <= self._capacity:
            return True
        victim = self._worst()
        self._leave(victim)
        return victim != place

    def remove(self, program_id: str) -> None:
        """Takes out a member; nothing happens where there is none of that id."""
        place = self._held.place(program_id)
        if place is not None:
            self._leave(place)

    def restore(self, members: Sequence[Member]) -> None:
        """Takes up the members of another, in their order."""
        for member in members:
            self.admit(member)

    def _leave(self, place: int) -> None:
        assert self._losses is not None
        self._held.pop(place)
        row, losses = self._losses[place], np.delete(self._losses, place, axis=0)
        dominated = (losses >= row).all(axis=1) & (losses > row).any(axis=1)
        self._dominators = np.delete(self._dominators, place) - dominated
        self._losses = losses

    def _worst(self) -> int:
        assert self._losses is not None
        last = np.flatnonzero(self._dominators == self._dominators.max())
        distances = crowding(self._losses[last])
        return int(last[np.flatnonzero(distances == distances.min())[-1]])

    def _row(self, member: Member) -> Matrix:
        """Returns what a member loses on each objective, lower being better."""
        if self._objectives:
            known = (sign * member.metrics.get(name, sign * np.inf) for name, sign in self._objectives.items())
            row = np.array([self._sign * member.score, *known])
            row[np.isnan(row)] = np.inf
            return row
        width = self._losses.shape[1] - 1 if self._losses is not None else len(member.cases)
        cases = member.cases if len(member.cases) == width else [member.score] * width
        return self._sign * np.array([member.score, *cases])


def crowding(losses: Matrix) -> Matrix:
    """Returns each row's crowding distance: over the objectives, the sum of how far its neighbours on either side lie
    apart, as a share of the objective's range; infinite at an objective's best end, twice the gap at its worst."""
    total = np.zeros(len(losses))
    for column in losses.T:
        finite = np.clip(column, -1e308, 1e308)
        finite = finite / (float(np.abs(finite).max()) or 1.0)
        order = np.argsort(finite, kind="stable")
        ranked = finite[order]
        span = float(ranked[-1] - ranked[0])
        if span == 0.0:
            continue
        gaps = np.diff(ranked) / span
        total[order[1:-1]] += gaps[:-1] + gaps[1:]
        total[order[-1]] += 2 * gaps[-1]
        total[order[0]] = np.inf
    return total


def _sign(direction: Direction) -> float:
    return 1.0 if direction == "minimize" else -1.0
