"""Whatever a candidate does, it gets no more than its honest score, in each shape that a task can have."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ryumon.engines.local import LocalEngine
from ryumon.evaluation.evaluator import Evaluator
from ryumon.program import Program
from ryumon.task import read_task
from tests.conftest import write_task
from tests.evaluation.integrity import ATTACKS, HONEST, TOML, Attack, files

Earn = Callable[[str], tuple[float | None, str]]
HONEST_SCORE = 1.5


def _earning(folder: Path) -> Iterator[Earn]:
    """Yields what tells a program's score as first measured, and what was found once it was confirmed."""
    task = read_task(folder)
    engine = LocalEngine(task, "A", 1)
    evaluator = Evaluator(engine, task, 0)

    async def earned(text: str) -> tuple[float | None, str]:
        program = Program({"fit.py": text})
        fast = await evaluator.read(program, "train", 0)
        return fast.score, fast.status if fast.status != "ok" else (await evaluator.confirm(program, fast)).status

    with asyncio.Runner() as runner:
        yield lambda text: runner.run(earned(text))
        engine.close()


@pytest.fixture(scope="module", params=["call", "session", "drive"])
def earn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Earn]:
    yield from _earning(write_task(tmp_path_factory.mktemp("integrity") / "task", **files(request.param)))


@pytest.fixture(scope="module")
def earn_joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Earn]:
    yield from _earning(write_task(tmp_path_factory.mktemp("joined") / "task", **files("joined")))


def test_the_honest_program_has_its_score(earn: Earn) -> None:
    assert earn(HONEST) == (HONEST_SCORE, "ok")


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_gets_no_more_than_the_honest_score(earn: Earn, attack: Attack) -> None:
    score, status = earn(attack.source)
    assert score is None or status != "ok" or score >= HONEST_SCORE
    assert earn(HONEST) == (HONEST_SCORE, "ok")


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if attack.wins_joined], ids=lambda attack: attack.name)
def test_it_beats_an_evaluator_that_runs_beside_it_until_that_is_confirmed(earn_joined: Earn, attack: Attack) -> None:
    score, status = earn_joined(attack.source)
    assert score == 0.0
    assert status in ("cheating", "nondeterministic")


TIMED = """
import time

from ryumon import Case, Result, Task


class Timed(Task):
    def cases(self, split, seed):
        return [Case("only")]

    def evaluate(self, program, case):
        start = time.perf_counter()
        beside = program.drive("drivers.py:timed", "fit.py:fit")
        return Result(score=time.perf_counter() - start, metrics={"beside": beside})
"""
STOPS_CLOCKS = """
import time

clock = time.process_time
for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
    setattr(time, name, lambda: 1.0)

def fit():
    start = clock()
    while clock() < start + 0.05:
        pass
"""


def test_the_time_that_an_evaluator_takes_is_not_the_candidates_to_tell(tmp_path: Path) -> None:
    drivers = (
        "import time\ndef timed(f):\n    start = time.perf_counter()\n    f()\n    return time.perf_counter() - start"
    )
    folder = write_task(tmp_path / "task", toml=TOML, task=TIMED, drivers=drivers, seed=STOPS_CLOCKS)
    task = read_task(folder)

    async def measured() -> tuple[float, float]:
        engine = LocalEngine(task, "A", 1)
        try:
            found = await Evaluator(engine, task, 0).read(task.seed, "train", 0)
        finally:
            engine.close()
        return found.results[0].score, found.results[0].metrics["beside"]

    trusted, beside = asyncio.run(measured())
    assert beside == 0.0
    assert trusted >= 0.05
