"""Islands: bounded populations side by side, with migration in a ring.

What an island keeps of what it is offered is its population's own rule (`populations/`).
"""

from collections.abc import Callable, Sequence

from ryumon.archive.member import Member
from ryumon.archive.populations import Population, Restorable
from ryumon.errors import BadInput


class Islands:
    """Populations side by side. Every `interval` tells the best of each goes to the next, in a ring."""

    def __init__(self, make: Callable[[], Population], count: int, interval: int) -> None:
        if count < 1 or interval < 1:
            raise BadInput(f"islands {count}, migration every {interval}: both must be at least 1")
        self.populations = tuple(make() for _ in range(count))
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
        """Migrates when `index` ends an interval: a copy of the best of each island goes to the next."""
        if (index + 1) % self._interval or len(self.populations) < 2:
            return
        best = [population.members[0] if population.members else None for population in self.populations]
        for migrant, target in zip(best, self.populations[1:] + self.populations[:1], strict=True):
            if migrant is not None:
                target.admit(migrant)
