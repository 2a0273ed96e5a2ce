"""Where a program lies apart from how good it is: figures that a grid is laid over.

A feature is a metric that the task gives, by its name, or one of the automatic ones, which every task has:

- `size`: characters of all texts;
- `nesting`: the deepest nesting of brackets in any text, counted mark by mark and blind to strings and comments;
- `wins`: on how many cases it is better than the first program that was offered.
"""

from collections.abc import Callable, Sequence

from ryumon.archive.member import Member
from ryumon.errors import BadInput
from ryumon.score import Direction, better

Feature = Callable[[Member], float]
AUTOMATIC = ("size", "nesting", "wins")
_STEPS = {**dict.fromkeys("([{", 1), **dict.fromkeys(")]}", -1)}


def features(names: Sequence[str], first: Member, direction: Direction) -> tuple[Feature, ...]:
    """Returns the features of these names, for programs that are offered after `first`.

    Raises `BadInput` for a name that is neither automatic nor a metric of `first`. Where a later program lacks the
    metric, or it is not a number, the feature is minus infinity.
    """
    automatic: dict[str, Feature] = {
        "size": lambda member: float(member.program.size),
        "nesting": lambda member: float(max(map(nesting, member.program.files.values()))),
        "wins": lambda member: float(_wins(member.cases, first.cases, direction)),
    }
    for name in names:
        if name not in AUTOMATIC and name not in first.metrics:
            known = ", ".join([*AUTOMATIC, *sorted(first.metrics)])
            raise BadInput(f"feature {name!r}: neither automatic nor a metric of the task; there is: {known}")
    return tuple(automatic.get(name) or _metric(name) for name in names)


def nesting(text: str) -> int:
    """Returns the deepest nesting of brackets; one that closes nothing counts for nothing."""
    depth = deepest = 0
    for mark in text:
        depth = max(0, depth + _STEPS.get(mark, 0))
        deepest = max(deepest, depth)
    return deepest


def _metric(name: str) -> Feature:
    def feature(member: Member) -> float:
        value = member.metrics.get(name, float("-inf"))
        return value if value == value else float("-inf")

    return feature


def _wins(cases: Sequence[float], others: Sequence[float], direction: Direction) -> int:
    return sum(better(direction, case, other) for case, other in zip(cases, others, strict=False))
