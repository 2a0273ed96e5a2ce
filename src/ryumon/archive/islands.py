"""Bounded populations, and islands of them with migration in a ring.

Admission: an island takes a program while there is room, and then each that is better than its worst member, which
leaves. A neutral child (a twin) takes the place of the member it behaves as, so that drift never fills an island
with copies. Among equal scores the smaller program ranks first.
"""

from bisect import bisect
from collections.abc import Sequence

from ryumon.archive.parents import Member
from ryumon.errors import BadInput
from ryumon.score import Direction

MAX_MEMBERS = 1_024


class Population:
    """At most `capacity` members, ordered best first, each behaviour once."""

    def __init__(self, direction: Direction, capacity: int) -> None:
        if not 1 <= capacity <= MAX_MEMBERS:
            raise BadInput(f"population of {capacity}: an island holds 1 to {MAX_MEMBERS}")
        self.capacity = capacity
        self._sign = 1.0 if direction == "minimize" else -1.0
        self._members: list[Member] = []
        self._by_behaviour: dict[str, Member] = {}

    @property
    def members(self) -> Sequence[Member]:
        """The members, best first."""
        return self._members

    def admit(self, member: Member) -> bool:
        """Takes `member` by the rule of the module; returns whether it is now in."""
        if member.behaviour in self._by_behaviour:
            return False
        if len(self._members) >= self.capacity:
            if self._key(member) >= self._key(self._members[-1]):
                return False
            del self._by_behaviour[self._members.pop().behaviour]
        self._members.insert(bisect(self._members, self._key(member), key=self._key), member)
        self._by_behaviour[member.behaviour] = member
        return True

    def drift(self, member: Member) -> bool:
        """Takes `member` in the place of one that behaves alike, or by the rule where there is none."""
        held = self.alike(member)
        if held is not None:
            self.remove(held.entry.id)
        return self.admit(member)

    def alike(self, member: Member) -> Member | None:
        """Returns the member that behaves as `member` does, None where there is none."""
        return self._by_behaviour.get(member.behaviour)

    def remove(self, program_id: str) -> None:
        """Takes out a member; nothing happens where there is none of that id."""
        kept = [member for member in self._members if member.entry.id != program_id]
        if len(kept) < len(self._members):
            self._members = kept
            self._by_behaviour = {member.behaviour: member for member in kept}

    def __contains__(self, program_id: object) -> bool:
        return any(member.entry.id == program_id for member in self._members)

    def _key(self, member: Member) -> tuple[float, int]:
        return self._sign * member.score, member.entry.size


class Islands:
    """Populations side by side. Every `interval` tells the best of each goes to the next, in a ring."""

    def __init__(self, direction: Direction, count: int, capacity: int, interval: int) -> None:
        if count < 1 or interval < 1:
            raise BadInput(f"islands {count}, migration every {interval}: both must be at least 1")
        self.populations = tuple(Population(direction, capacity) for _ in range(count))
        self._interval = interval

    def of(self, index: int) -> Population:
        """Returns the island that proposal `index` belongs to."""
        return self.populations[index % len(self.populations)]

    def everywhere(self, member: Member) -> None:
        """Admits a founder to every island."""
        for population in self.populations:
            population.admit(member)

    def remove(self, program_id: str) -> None:
        """Takes a program out of every island."""
        for population in self.populations:
            population.remove(program_id)

    def tick(self, index: int) -> None:
        """Migrates when `index` ends an interval: a copy of the best of each island goes to the next."""
        if (index + 1) % self._interval or len(self.populations) < 2:
            return
        best = [population.members[0] if population.members else None for population in self.populations]
        for migrant, target in zip(best, self.populations[1:] + self.populations[:1], strict=True):
            if migrant is not None:
                target.admit(migrant)
