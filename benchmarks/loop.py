"""How fast the whole loop is: propose, evaluate at tier A, archive, store, on a trivial candidate.

Run: python benchmarks/loop.py [EVALUATIONS]        (default 20000; wants two idle cores)
Prints evaluations a second and CPU milliseconds each over the whole run, and for windows along it. Last result: see
docs/results/running.md.
"""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from ryumon import supervisor
from ryumon.archive.history import History
from ryumon.engines.processes import tree_cpu_s
from ryumon.store import open_store

TOML = 'name = "trivial"\ndirection = "minimize"\neditable = ["f.py"]\nvocabulary = "arithmetic"\n'
SEED = "def f(x):\n    y = x * 0.5\n    z = y + 1.0\n    return y * z\n"
TASK = """
from ryumon import Case, Result, Task
from ryumon.evaluation.claims import number


class Trivial(Task):
    def cases(self, split, seed):
        return [Case(split, 0.5)]

    def evaluate(self, program, case):
        return Result(score=abs(number(program.call("f.py:f", case.data)) - 0.7390851332151607))
"""
MARKS = (100, 1000, 2000, 5000, 10000, 15000, 20000)


def main() -> None:
    """Runs the benchmark and prints its table."""
    evaluations = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    folder = Path(tempfile.mkdtemp(prefix="ryumon-loop-"))
    (folder / "task" / "seed").mkdir(parents=True)
    (folder / "task" / "task.toml").write_text(TOML)
    (folder / "task" / "task.py").write_text(TASK)
    (folder / "task" / "seed" / "f.py").write_text(SEED)
    marks: list[tuple[int, float, float]] = []

    def notify(history: History) -> None:
        done = history.evaluations
        if done in MARKS and (not marks or marks[-1][0] < done) and history.ended is None:
            marks.append((done, time.perf_counter(), tree_cpu_s([os.getpid()])))

    settings = supervisor.Settings(budget=f"{evaluations}ev", workers=2, test_seed=0)
    try:
        store = open_store(str(folder / "store"))
        summary = asyncio.run(supervisor.start(store, str(folder / "task"), settings, "A", notify))
        size = (folder / "store" / "store.db").stat().st_size
    finally:
        shutil.rmtree(folder)
    print(f"{summary.evaluations} evaluations, {summary.failed} failed")
    print(f"{summary.wall_s:.1f} s, {summary.cpu_s:.1f} CPU-s in all")
    for (a, wall_a, cpu_a), (b, wall_b, cpu_b) in pairwise(marks):
        rate, each = (b - a) / (wall_b - wall_a), 1000 * (cpu_b - cpu_a) / (b - a)
        print(f"{a:6d} to {b:6d}: {rate:6.1f}/s  {each:5.2f} ms CPU each")
    print(f"store {size / max(1, summary.evaluations):.0f} bytes an evaluation")


if __name__ == "__main__":
    main()
