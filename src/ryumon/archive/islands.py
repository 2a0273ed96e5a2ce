"""Islands: bounded populations side by side, with migration in a ring.

What an island keeps of what it is offered is its population's own rule (`populations/`).
"""

from collections.abc import Callable, Sequence

from ryumon.archive.member import Member
from ryumon.archive.populations import Population, Restorable
from ryumon.errors import BadInput


class Islands:
    """Populations side by side. Every `interval` tells the best of each goes to the next, in a ring.

    Where `opening` is not 0 a run begins with one island, and another is opened every so many tells: a short run is
    not spread thin, and a long one begins again now and then.
    """

    def __init__(self, make: Callable[[], Population], count: int, interval: int, opening: int = 0) -> None:
        if count < 1 or interval < 1 or opening < 0:
            raise BadInput(f"islands {count}, migration every {interval}, opened every {opening}: at least 1, 1 and 0")
        self.populations = tuple(make() for _ in range(count))
        self._interval, self._opening = interval, opening

    def open(self, index: int) -> int:
        """Returns how many islands there are at proposal `index`."""
        count = len(self.populations)
        return min(count, 1 + index // self._opening) if self._opening else count

    def of(self, index: int) -> Population:
        """Returns the island that proposal `index` belongs to."""
        return self.populations[index % self.open(index)]

    def any(self, index: int, draw: float) -> Population:
        """Returns one of the islands that there are at proposal `index`, by a draw from [0, 1)."""
        return self.populations[int(draw * self.open(index))]

    def everywhere(self, member: Member) -> None:
        """Admits a founder to every island."""
        for population in self.populations:
            population.admit(member)

    def remove(self, program_id: str) -> None:
        """Takes a program out of every island."""
        for population in self.populations:
            population.remove(program_id)

    def restorable(self) -> bool:
        """Returns whether the islands can be made again from their members."""
        return all(isinstance(population, Restorable) for population in self.populations)

    def restore(self, islands: Sequence[Sequence[Member]]) -> None:
        """Takes up the members of each island, as they were listed; raises `BadInput` where that cannot be."""
        if len(islands) != len(self.populations):
            raise BadInput(f"the members of {len(islands)} islands for {len(self.populations)}")
        for population, members in zip(self.populations, islands, strict=True):
            if not isinstance(population, Restorable):
                raise BadInput(f"a population of kind {type(population).__name__} is not made again from its members")
            population.restore(members)

    def tick(self, index: int) -> None:
        """Migrates when `index` ends an interval: a copy of the best of each open island goes to the next."""
        islands = self.populations[: self.open(index)]
        if (index + 1) % self._interval or len(islands) < 2:
            return
        best = [population.members[0] if population.members else None for population in islands]
        for migrant, target in zip(best, islands[1:] + islands[:1], strict=True):
            if migrant is not None:
                target.admit(migrant)
