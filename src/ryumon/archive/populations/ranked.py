"""The best that were offered: a program enters while there is room, and then if it is better than the worst member.

Among equal scores the smaller program ranks first; an equal of the worst in both does not displace it.
"""

from collections.abc import Sequence

from ryumon.archive.member import Member, ranking
from ryumon.archive.populations import checked_capacity
from ryumon.archive.populations.ordered import Ordered
from ryumon.score import Direction


class Ranked:
    """At most `capacity` members, ordered best first, each behaviour once."""

    def __init__(self, direction: Direction, capacity: int) -> None:
        self._capacity = checked_capacity(capacity)
        self._held = Ordered(ranking(direction))

    @property
    def members(self) -> Sequence[Member]:
        """The members, best first."""
        return self._held.members

    def admit(self, member: Member) -> bool:
        """Takes `member` by the rule of the module; returns whether it is now in."""
        held = self._held
        if held.knows(member):
            return False
        if len(held) >= self._capacity:
            if held.rank(member) >= held.rank(held.members[-1]):
                return False
            held.pop()
        held.insert(member)
        return True

    def remove(self, program_id: str) -> None:
        """Takes out a member; nothing happens where there is none of that id."""
        place = self._held.place(program_id)
        if place is not None:
            self._held.pop(place)

    def restore(self, members: Sequence[Member]) -> None:
        """Takes up the members of another, in their order."""
        for member in members:
            self._held.insert(member)
