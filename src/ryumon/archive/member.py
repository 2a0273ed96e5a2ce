"""A program that may have children, and the order of such programs: better scores first, then smaller programs."""

from collections.abc import Callable, Mapping

import msgspec

from ryumon.archive.index import Entry
from ryumon.program import Program
from ryumon.score import Direction, Evaluation

Rank = Callable[["Member"], tuple[float, int]]


class Member(msgspec.Struct, frozen=True):
    """A program that may have children, with its entry, the score it competes with, and how it came by that.

    `cases` holds the scores of its cases in order, `metrics` the means of its further figures over the cases; both are
    in the task's own direction and unit, and empty where nothing is known of them.
    """

    program: Program
    entry: Entry
    score: float
    cases: tuple[float, ...] = ()
    metrics: Mapping[str, float] = {}

    @property
    def behaviour(self) -> str:
        """The id of the first program that behaves as this one: its own, or that of which it is a twin."""
        return self.entry.twin or self.entry.id

    def held(self) -> "Held":
        """Returns the member but for its program and its entry."""
        return Held(self.entry.id, self.score, self.cases, self.metrics)


class Held(msgspec.Struct, frozen=True, array_like=True):
    """A member as plain data; its program and its entry are found by its id."""

    id: str
    score: float
    cases: tuple[float, ...]
    metrics: Mapping[str, float]

    def member(self, program: Program, entry: Entry) -> Member:
        """Returns the member that was held."""
        return Member(program, entry, self.score, self.cases, self.metrics)


def ranking(direction: Direction) -> Rank:
    """Returns the key by which members sort best first; among equal scores the smaller program ranks first."""
    sign = 1.0 if direction == "minimize" else -1.0
    return lambda member: (sign * member.score, member.entry.size)


def member_of(evaluation: Evaluation, program: Program, entry: Entry, score: float) -> Member:
    """Returns the member that an evaluation makes of its program; one that is not `ok` has no cases and no metrics."""
    if evaluation.status != "ok":
        return Member(program, entry, score)
    results = evaluation.cases
    names = set(results[0].metrics).intersection(*(result.metrics for result in results)) if results else ()
    means = {name: sum(result.metrics[name] for result in results) / len(results) for name in sorted(names)}
    return Member(program, entry, score, tuple(result.score for result in results), means)
