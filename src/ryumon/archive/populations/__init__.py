"""What a bounded population keeps of what it is offered. One small file each; registered as `ryumon.populations`."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from ryumon.archive.member import Member
from ryumon.errors import BadInput

MAX_MEMBERS = 1_024


class Population(Protocol):
    """At most `capacity` members, each behaviour once. Made as `factory(direction, capacity, **options)`.

    It is a function of what it was told, in order: no clock, no chance. Each call costs the same however many programs
    were offered before.
    """

    @property
    def members(self) -> Sequence[Member]:
        """The members, best first; among equal scores the smaller program."""

    def admit(self, member: Member) -> bool:
        """Takes `member` where it earns a place, and lets go whom it displaces; returns whether it is now in."""

    def remove(self, program_id: str) -> None:
        """Takes out a member; nothing happens where there is none of that id."""


@runtime_checkable
class Restorable(Protocol):
    """A population whose state its members tell. A run with one that is not resumes by being told everything again."""

    def restore(self, members: Sequence[Member]) -> None:
        """Takes up, in an empty population, the `members` of another, in their order: from then on the two are one."""


def alike(population: Population, member: Member) -> Member | None:
    """Returns the member of `population` that behaves as `member` does, None where there is none."""
    return next((held for held in population.members if held.behaviour == member.behaviour), None)


def drift(population: Population, member: Member) -> bool:
    """Puts `member` in the place of one that behaves alike, or admits it where there is none; returns whether it is in.

    Where it earns no place, the one that behaves alike stays. Its cases, where they are not known, are those of the
    one that behaves alike.
    """
    held = alike(population, member)
    if held is None:
        return population.admit(member)
    if not member.cases:
        member = msgspec.structs.replace(member, cases=held.cases, metrics=held.metrics)
    population.remove(held.entry.id)
    if population.admit(member):
        return True
    population.admit(held)
    return False


def checked_capacity(capacity: int) -> int:
    """Returns `capacity`; raises `BadInput` unless it is from 1 to `MAX_MEMBERS`."""
    if not 1 <= capacity <= MAX_MEMBERS:
        raise BadInput(f"population of {capacity}: an island holds 1 to {MAX_MEMBERS}")
    return capacity
