"""MAP-Elites: a grid over features, and in each cell the best program that was offered for it (Mouret and Clune 2015,
arXiv 1504.04909).

Each feature is cut into as many bins as the capacity allows, ⌊capacity^(1/features)⌋. The cuts are quantiles of the
last 256 programs offered, drawn again after 1, 2, 4 … 64 offers and then after every 64 (sliding boundaries; Fontaine
et al. 2019, arXiv 1904.10656), so no range need be known and an outlier costs one bin. When cells merge, the better
elite stays. All of that depends on the offers and their order alone.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence

from ryumon.archive.member import Member, ranking
from ryumon.archive.populations import checked_capacity
from ryumon.archive.populations.features import Feature, features
from ryumon.archive.populations.ordered import Ordered
from ryumon.errors import BadInput
from ryumon.score import Direction

WINDOW = 256
REDRAWN_EVERY = 64
Cell = tuple[int, ...]


class Elites:
    """A grid of at most `capacity` cells over `features`, metrics of the task or automatic ones."""

    def __init__(self, direction: Direction, capacity: int, features: Sequence[str] = ("size", "nesting")) -> None:
        if not 1 <= len(features) <= 4:
            raise BadInput(f"a grid over {len(features)} features: name one to four")
        self._direction: Direction = direction
        self._names = tuple(features)
        self.bins = max(
            count for count in range(1, checked_capacity(capacity) + 1) if count ** len(features) <= capacity
        )
        self._held = Ordered(ranking(direction))
        self._features: tuple[Feature, ...] = ()
        self._cells: dict[Cell, Member] = {}
        self._where: dict[str, tuple[float, ...]] = {}
        self._recent: deque[tuple[float, ...]] = deque(maxlen=WINDOW)
        self._cuts: tuple[list[float], ...] = ()
        self._offers = 0

    @property
    def members(self) -> Sequence[Member]:
        """The elites, best first."""
        return self._held.members

    def admit(self, member: Member) -> bool:
        """Takes `member` where its cell is empty or its elite worse; returns whether it is now in."""
        self._features = self._features or features(self._names, member, self._direction)
        place = tuple(feature(member) for feature in self._features)
        self._recent.append(place)
        self._offers += 1
        if self._offers % min(REDRAWN_EVERY, 1 << self._offers.bit_length() - 1) == 0:
            self._redraw()
        if self._held.knows(member):
            return False
        self._where[member.entry.id] = place
        if self._settle(member):
            return True
        del self._where[member.entry.id]
        return False

    def remove(self, program_id: str) -> None:
        """Takes out a member; nothing happens where there is none of that id."""
        place = self._held.place(program_id)
        if place is not None:
            self._leave(self._held.members[place])

    def _settle(self, member: Member) -> bool:
        """Puts a member in its cell unless one as good is there."""
        cell = self._cell(self._where[member.entry.id])
        elite = self._cells.get(cell)
        if elite is not None:
            if self._held.rank(member) >= self._held.rank(elite):
                return False
            self._leave(elite)
        self._cells[cell] = member
        self._held.insert(member)
        return True

    def _leave(self, member: Member) -> None:
        place = self._held.place(member.entry.id)
        assert place is not None
        self._held.pop(place)
        del self._cells[self._cell(self._where.pop(member.entry.id))]

    def _redraw(self) -> None:
        """Draws the cuts again from the recent offers, and puts every elite where it now belongs, the best first."""
        self._cuts = tuple(_quantiles(sorted(column), self.bins) for column in zip(*self._recent, strict=True))
        elites, places = self._held.members, self._where
        self._held, self._cells, self._where = Ordered(self._held.rank), {}, {}
        for elite in elites:
            cell = self._cell(places[elite.entry.id])
            if cell not in self._cells:
                self._cells[cell] = elite
                self._where[elite.entry.id] = places[elite.entry.id]
                self._held.insert(elite)

    def _cell(self, place: tuple[float, ...]) -> Cell:
        return tuple(bisect_right(cuts, value) for cuts, value in zip(self._cuts, place, strict=True))


def _quantiles(ordered: Sequence[float], bins: int) -> list[float]:
    """Returns the distinct values above the smallest that cut `ordered` into at most `bins` parts of like size."""
    cuts = sorted({ordered[len(ordered) * part // bins] for part in range(1, bins)})
    return [cut for cut in cuts if cut > ordered[0]]
