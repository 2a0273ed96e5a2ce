"""What an archive costs for each program as it grows: insertion, parent choice, novelty, best so far, memory.

Run: python benchmarks/archive_scale.py [--sizes 1000,10000,100000,1000000] [--capacity 32] [--samples 2000]
A synthetic archive: programs that name one of the last eight as their parent, so that lines are long from the start;
scores that creep towards better, one program in eight a twin, one in ten failed. CPU time of the one process, in
microseconds for each operation; `bar the best` is an adversary's case: each takes the rights of the best program away.
Last result: see docs/results/running.md.
"""

import argparse
import gc
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from ryumon.archive import Archive, Islands, Layers, Member, ParentRule, Population, drift, member_of
from ryumon.archive.novelty import Novelty, signature
from ryumon.program import Program
from ryumon.registry import load, names
from ryumon.score import CaseResult, Evaluation

CASES = 8
TOKENS = 200


class World:
    """A growing archive with a population of every kind beside it."""

    def __init__(self, capacity: int) -> None:
        self.rng = np.random.default_rng(0)
        self.archive = Archive("minimize")
        self.populations: dict[str, Population] = {
            name: load("populations", name)("minimize", capacity) for name in names("populations")
        }
        ranked = load("populations", "ranked")
        self.islands = Islands(lambda: ranked("minimize", capacity), 4, 500)
        self.layers = Layers("minimize", lambda: ranked("minimize", capacity), 4, 500)
        self.novelty = Novelty(512)
        self.ids: list[str] = []

    def told(self) -> Evaluation:
        """Returns the next evaluation."""
        index, rng = len(self.archive), self.rng
        recent = self.ids
        kind = rng.random()
        cases = rng.normal(-index / 1e5, 1.0, CASES)
        scored = kind >= 0.225 or not recent
        twin = recent[int(rng.random() * len(recent))] if 0.1 <= kind < 0.225 and recent else None
        return Evaluation(
            index=index,
            program=Program({"a.py": f"x = {index} {'#' * int(rng.random() * 40)}\n"}),
            parents=(self.ids[-1 - int(rng.random() * min(8, len(self.ids)))],) if recent else (),
            status="twin" if twin else "ok" if scored else "error",
            score=float(cases.mean()) if scored else None,
            cases=tuple(CaseResult(str(number), float(case)) for number, case in enumerate(cases)) if scored else (),
            twin=twin,
        )

    def insert(self, told: Evaluation) -> Member | None:
        """Tells the archive alone."""
        entry = self.archive.add(told)
        assert entry is not None
        assert told.program is not None
        self.ids.append(entry.id)
        del self.ids[:-512]
        score = self.archive.standing(entry)
        return member_of(told, told.program, entry, score) if score is not None else None

    def grow(self, size: int) -> None:
        """Tells of programs until there are so many; populations hear of the last 4,096."""
        while len(self.archive) < size:
            member = self.insert(self.told())
            if member is not None and len(self.archive) > size - 4_096:
                for admit in self.admissions().values():
                    admit(member)

    def admissions(self) -> dict[str, Callable[[Member], object]]:
        """Returns what admits a member, by name of the population."""
        found = {name: partial(_offer, population) for name, population in self.populations.items()}
        return {**found, "islands": self._on_islands, "age layers": self._on_layers}

    def _on_islands(self, member: Member) -> None:
        self.islands.of(member.entry.index).admit(member)
        self.islands.tick(member.entry.index)

    def _on_layers(self, member: Member) -> None:
        self.layers.admit(member)
        self.layers.tick(member.entry.index)


def _offer(population: Population, member: Member) -> bool:
    return drift(population, member) if member.entry.twin else population.admit(member)


def measured(works: Iterator[Callable[[], object]]) -> tuple[float, float]:
    """Returns the median and the 99th percentile of the CPU time of some calls, in microseconds."""
    taken = []
    for work in works:
        before = time.process_time_ns()
        work()
        taken.append((time.process_time_ns() - before) / 1e3)
    return float(np.median(taken)), float(np.percentile(taken, 99))


def operations(world: World, samples: int) -> dict[str, tuple[float, float]]:
    """Returns what each operation costs in a world of this size. It grows by `samples` programs."""
    rng = np.random.default_rng(1)
    rows: dict[str, tuple[float, float]] = {}
    members: list[Member] = []

    def insert(told: Evaluation) -> None:
        member = world.insert(told)
        if member is not None:
            members.append(member)

    rows["insert"] = measured(partial(insert, world.told()) for _ in range(samples))
    rows["best so far"] = measured((lambda: world.archive.best) for _ in range(samples))
    for name, admit in world.admissions().items():
        rows[f"admit: {name}"] = measured(partial(admit, member) for member in members)
    held = list(world.populations["ranked"].members)
    for name in names("parents"):
        rule: ParentRule = load("parents", name)("minimize")
        rows[f"parent: {name}"] = measured(partial(rule.pick, held, rng) for _ in range(samples))
    tokens = [[f"t{token}" for token in rng.integers(0, 300, TOKENS)] for _ in range(64)]

    def novel(found: Sequence[str]) -> None:
        sketch = signature(found)
        world.novelty.nearest(sketch)
        world.novelty.add(sketch)

    for number in range(600):
        novel(tokens[number % 64])
    rows["novelty"] = measured(partial(novel, tokens[number % 64]) for number in range(samples))
    return rows


def barring(world: World, samples: int) -> tuple[float, float]:
    """Returns what it costs to bar the best, again and again."""

    def works() -> Iterator[Callable[[], object]]:
        for index in range(samples):
            best = world.archive.best
            assert best is not None
            told = Evaluation(index=index, program=None, status="no_program", barred=(best.id,))
            yield partial(world.archive.add, told)

    return measured(works())


def main() -> None:
    """Prints one table: operations by archive size, median and 99th percentile, and memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    parser.add_argument("--capacity", type=int, default=32)
    parser.add_argument("--samples", type=int, default=2_000)
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    gc.disable()
    table: list[dict[str, tuple[float, float]]] = []
    memory = []
    world = World(asked.capacity)
    start = resident()
    for size in sizes:
        world.grow(size)
        memory.append((resident() - start) / size)
        table.append(operations(world, asked.samples))
        table[-1]["bar the best"] = barring(world, asked.samples)
    print("| CPU µs, median (99 %) | " + " | ".join(f"{size:,}" for size in sizes) + " | last/first |")
    print("|---" * (len(sizes) + 2) + "|")
    for name in table[0]:
        cells = [f"{row[name][0]:.1f} ({row[name][1]:.0f})" for row in table]
        print(f"| {name} | " + " | ".join(cells) + f" | {table[-1][name][0] / table[0][name][0]:.2f} |")
    print("| bytes a program | " + " | ".join(f"{each:.0f}" for each in memory) + " | |")
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def resident() -> int:
    """Returns the resident memory of this process in bytes."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    main()
