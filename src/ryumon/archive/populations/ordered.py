"""Members in order, best first, each behaviour once: what every population keeps its members in."""

from bisect import bisect

from ryumon.archive.member import Member, Rank


class Ordered:
    """A list of members that stays sorted. It has no bound of its own."""

    def __init__(self, rank: Rank) -> None:
        self.rank = rank
        self.members: list[Member] = []
        self._behaviours: set[str] = set()

    def __len__(self) -> int:
        return len(self.members)

    def knows(self, member: Member) -> bool:
        """Returns whether a member behaves as `member` does."""
        return member.behaviour in self._behaviours

    def insert(self, member: Member) -> int:
        """Puts a member in its place, behind its equals, and returns the place."""
        place = bisect(self.members, self.rank(member), key=self.rank)
        self.members.insert(place, member)
        self._behaviours.add(member.behaviour)
        return place

    def pop(self, place: int = -1) -> Member:
        """Takes out and returns the member at a place, the worst by default."""
        member = self.members.pop(place)
        self._behaviours.remove(member.behaviour)
        return member

    def place(self, program_id: str) -> int | None:
        """Returns the place of a program, None where it is no member."""
        return next((place for place, held in enumerate(self.members) if held.entry.id == program_id), None)
