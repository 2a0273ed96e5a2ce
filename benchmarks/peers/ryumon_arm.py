"""One run of ryumon on the trivial task with `mutate`, or a list of programs through its evaluator.

Run: python ryumon_arm.py TASK race STORE EVALUATIONS      prints when each evaluation was committed
     python ryumon_arm.py TASK judge PROGRAMS.json         prints what each program of the list came to, as JSON
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from ryumon import supervisor
from ryumon.archive.history import History
from ryumon.engines.local import LocalEngine
from ryumon.evaluation.evaluator import Evaluator
from ryumon.store import open_store
from ryumon.task import read_task


def race(task: str, place: str, evaluations: str) -> None:
    """Runs `mutate` for so many evaluations on two workers."""
    said = 0

    def notify(history: History) -> None:
        nonlocal said
        while said < history.evaluations:
            said += 1
            sys.stdout.write(f"{time.monotonic()}\n")
        sys.stdout.flush()

    settings = supervisor.Settings(budget=f"{evaluations}ev", workers=2, test_seed=0)
    asyncio.run(supervisor.start(open_store(place), task, settings, "A", notify))


def judge(task: str, programs: str) -> None:
    """Evaluates each program of a list in turn, on one lane."""
    folder = read_task(Path(task))

    async def inside() -> list[dict[str, object]]:
        engine = LocalEngine(folder, "A", 1)
        try:
            evaluator = Evaluator(engine, folder, 0)
            found: list[dict[str, object]] = []
            for text in json.loads(Path(programs).read_text()):
                measured = await evaluator.read(folder.seed.with_file("initial.py", text), "train", 0)
                words = measured.reason + measured.log
                found.append({"score": measured.score, "status": measured.status, "words": words})
            return found
        finally:
            engine.close()

    print(json.dumps(asyncio.run(inside())))


if __name__ == "__main__":
    if sys.argv[2] == "race":
        race(sys.argv[1], *sys.argv[3:])
    else:
        judge(sys.argv[1], *sys.argv[3:])
