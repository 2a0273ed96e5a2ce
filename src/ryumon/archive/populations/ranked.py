"""The best that were offered: a program enters while there is room, and then if it is better than the worst member.

Among equal scores the smaller program ranks first; an equal of the worst in both does not displace it.
"""

from bisect import bisect
from collections.abc import Sequence

from ryumon.archive.member import Member, ranking
from ryumon.archive.populations import checked_capacity
from ryumon.score import Direction


class Ranked:
    """At most `capacity` members, ordered best first, each behaviour once."""

    def __init__(self, direction: Direction, capacity: int) -> None:
        self._capacity = checked_capacity(capacity)
        self._key = ranking(direction)
        self._members: list[Member] = []
        self._behaviours: set[str] = set()

    @property
    def members(self) -> Sequence[Member]:
        """The members, best first."""
        return self._members

    def admit(self, member: Member) -> bool:
        """Takes `member` by the rule of the module; returns whether it is now in."""
        if member.behaviour in self._behaviours:
            return False
        if len(self._members) >= self._capacity:
            if self._key(member) >= self._key(self._members[-1]):
                return False
            self._behaviours.remove(self._members.pop().behaviour)
        self._members.insert(bisect(self._members, self._key(member), key=self._key), member)
        self._behaviours.add(member.behaviour)
        return True

    def remove(self, program_id: str) -> None:
        """Takes out a member; nothing happens where there is none of that id."""
        kept = [member for member in self._members if member.entry.id != program_id]
        if len(kept) < len(self._members):
            self._members = kept
            self._behaviours = {member.behaviour for member in kept}
