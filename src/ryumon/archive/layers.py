"""Age layers (ALPS; Hornby 2006, "ALPS: the age-layered population structure", GECCO): young lines do not compete with
old ones.

A program's age is the number of tells since its oldest line began at the seed (`Entry.origin`). Layer n of the first
ones, from 0, holds lines up to `gap` × 1, 2, 4, 9, 16 … tells old (Hornby's polynomial scheme); the last holds any. Who
grows too old for a layer, or is displaced there, is offered to the next. After every `gap` tells the bottom layer is
emptied in the same way, and begins again with children of the seed. A layer's parents come from it and the one below.
"""

from collections.abc import Callable, Sequence

from ryumon.archive.member import Member, Rank, ranking
from ryumon.archive.populations import Population
from ryumon.errors import BadInput
from ryumon.score import Direction


class Layers:
    """Populations side by side, by age; a stand-in for `Islands`, without migration."""

    def __init__(self, direction: Direction, make: Callable[[], Population], count: int, gap: int) -> None:
        if count < 1 or gap < 1:
            raise BadInput(f"age layers {count}, a gap of {gap} tells: both must be at least 1")
        self._layers = tuple(make() for _ in range(count))
        self._limits = [gap * max(level + 1, level * level) for level in range(count - 1)]
        self._gap = gap
        self._now = -1
        self.populations = tuple(Layer(self, level, ranking(direction)) for level in range(count))

    def of(self, index: int) -> "Layer":
        """Returns the layer that proposal `index` draws its parent from."""
        return self.populations[index % len(self.populations)]

    def any(self, index: int, draw: float) -> "Layer":
        """Returns one of the layers, by a draw from [0, 1)."""
        return self.populations[int(draw * len(self.populations))]

    def everywhere(self, member: Member) -> None:
        """Admits a founder: to the bottom layer, from where its line is offered upwards."""
        self.admit(member)

    def remove(self, program_id: str) -> None:
        """Takes a program out of every layer."""
        for layer in self._layers:
            layer.remove(program_id)

    def tick(self, index: int) -> None:
        """Lets time pass: members of one layer that have grown too old move up, and every `gap` the whole bottom."""
        self._now = index
        level = index % len(self._layers)
        if (index + 1) % self._gap == 0 and len(self._layers) > 1:
            self._promote(0, list(self._layers[0].members))
        elif level < len(self._limits):
            self._promote(level, [held for held in self._layers[level].members if self._too_old(held, level)])

    def admit(self, member: Member) -> bool:
        """Offers `member` to the layer of its age; returns whether it is now in."""
        level = next((level for level in range(len(self._limits)) if not self._too_old(member, level)), -1)
        return self._offer(level % len(self._layers), member)

    def held(self, level: int) -> Sequence[Member]:
        """Returns the members of one layer, best first."""
        return self._layers[level].members

    def _too_old(self, member: Member, level: int) -> bool:
        return self._now - member.entry.origin > self._limits[level]

    def _promote(self, level: int, members: Sequence[Member]) -> None:
        for member in members:
            self._layers[level].remove(member.entry.id)
        for member in members:
            self._offer(level + 1, member)

    def _offer(self, level: int, member: Member) -> bool:
        """Offers `member` to a layer, and those whom it displaces to the next; returns whether it is now in."""
        before = list(self._layers[level].members)
        if not self._layers[level].admit(member):
            return False
        kept = {held.entry.id for held in self._layers[level].members}
        if level + 1 < len(self._layers):
            for displaced in before:
                if displaced.entry.id not in kept:
                    self._offer(level + 1, displaced)
        return True


class Layer:
    """One layer as a population: parents from it and from the one below; who is admitted goes where its age belongs."""

    def __init__(self, layers: Layers, level: int, rank: Rank) -> None:
        self._layers, self._level, self._rank = layers, level, rank

    @property
    def members(self) -> Sequence[Member]:
        """The members of the layer and of the one below it, best first."""
        below = self._layers.held(self._level - 1) if self._level else ()
        return sorted([*self._layers.held(self._level), *below], key=self._rank)

    def admit(self, member: Member) -> bool:
        """Offers `member` to the layer of its age; returns whether it is now in."""
        return self._layers.admit(member)

    def remove(self, program_id: str) -> None:
        """Takes a program out of every layer."""
        self._layers.remove(program_id)
