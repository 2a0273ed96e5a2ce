"""`check` finds what a cheat could live on, in tasks of every shape, and is content with tasks that offer nothing."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from ryumon import registry, supervisor
from ryumon.engines.local import LocalEngine
from ryumon.evaluation import cheats
from ryumon.evaluation.check import Report, examined
from ryumon.evaluation.evaluator import Evaluator
from ryumon.evaluation.outputs import OUTPUTS
from ryumon.evaluation.tolerance import tolerance
from ryumon.evaluation.trial import Finding, Trial
from ryumon.task import TaskFolder, read_task
from ryumon.tasks.records import folders
from tests.conftest import TASK, TOML

Make = Callable[..., Path]
PLAIN = TOML.split("[[stages]]")[0]
# Of the records, which differ by their verifiers, one with a table of floats, one of any length, one of whole numbers.
SHIPPED = ["circle-packing", "minimum-overlap", "kissing-11"] + [
    name for name in registry.names("tasks") if supervisor.find_task(name) not in folders()
]


def checked(folder: Path) -> Report:
    """Returns the report on the task in `folder`."""
    return asyncio.run(examined(read_task(folder), "A", 0))


def failures(report: Report) -> dict[str, str]:
    """Returns what failed, and what was said of it."""
    return {finding.what: finding.found for finding in report.findings if not finding.passed}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_tasks_refuse_every_cheat_that_suits_them(name: str) -> None:
    report = checked(supervisor.find_task(name))
    assert failures(report) == {}
    assert sum("planted" in finding.what for finding in report.findings) > 15


def task(evaluate: str, data: str = "[rng.uniform(-1, 1) for _ in range(4)]", top: str = "") -> str:
    """Returns the text of a task whose cases hold `data`, with the body of `evaluate`."""
    body = "\n".join(f"        {line}" for line in evaluate.strip().splitlines())
    return f"""
import math
import random

from ryumon import Case, Result, Task
from ryumon.evaluation.claims import InvalidClaim, integer, number
{top}

class Small(Task):
    def cases(self, split, seed):
        rng = random.Random(f"{{split}} {{seed}}")
        return [Case(f"{{split}}-{{k}}", {data}) for k in range(3)]

    def evaluate(self, program, case):
{body}
"""


LISTED = """
def fit(values):
    return sorted(values)
"""
SORTING = """
with program.session() as session:
    answer = session.function("fit.py:fit")(case.data)
    session.call("fit.py:fit", case.data[:2])
if type(answer) is not list or len(answer) != len(case.data):
    raise InvalidClaim("the answer must be a list as long as the question")
places = [number(item) for item in answer]
return Result(score=sum(abs(a - b) for a, b in zip(places, sorted(case.data))))
"""
DRIVER = """
import random
import time

import numpy as np


def answers(function, inputs):
    room = np.array(inputs)
    return [float(function({handed})[{place}]) {extra} for {place} in range(len(inputs))]
"""
DRIVEN = """
claim = program.drive("drivers.py:answers", "fit.py:fit", case.data)
if type(claim) is not list or len(claim) != len(case.data):
    raise InvalidClaim("wrong length")
return Result(score=sum(abs(number(y) - math.exp(x)) for x, y in zip(case.data, claim)))
"""
ROOM = """
import numpy as np

def fit(room):
    return room * 0.5 + 1.0
"""


def driver(handed: str = "room.copy()", extra: str = "") -> str:
    """Returns a driver that hands out `handed` and adds `extra` to each answer."""
    return DRIVER.format(handed=handed, place="i", extra=extra)


SESSION = {"task": task(SORTING), "seed": LISTED, "toml": PLAIN}
BESIDE = {"task": task(DRIVEN), "seed": ROOM, "drivers": driver(), "toml": PLAIN}


@pytest.mark.parametrize("shape", [{"task": TASK}, SESSION], ids=["called", "in a session"])
def test_an_honest_task_passes(tiny: Make, shape: dict[str, str]) -> None:
    assert failures(checked(tiny(**shape))) == {}


def test_of_a_driven_task_it_is_told_what_is_asked_and_that_peeking_is_found_out(tiny: Make) -> None:
    report = checked(tiny(**BESIDE))
    found = {finding.what: finding.found for finding in report.findings}
    assert failures(report) == {}
    assert found["what is asked"] == "fit is driven and answers with an array of float64 with 1 axis; again and again"
    assert found["planted: looks at its driver"] == "barred: cheating"


def tried(folder: Path, *names: str) -> dict[str, Finding]:
    """Returns what became of some cheats alone, by name."""

    async def inside() -> list[Finding]:
        folder_ = read_task(folder)
        engine = LocalEngine(folder_, "A", 1)
        try:
            evaluator = Evaluator(engine, folder_, 0)
            trial = Trial(engine, evaluator, folder_, 0, await evaluator.read(folder_.seed, "train", 0))
            own = {
                "nudged over a constraint": lambda: _nudged(trial, folder_),
                "knows train by heart": lambda: _by_heart(trial),
                "seeds the generators": trial.reseeding,
                "writes into what it is handed": trial.scribbling,
            }
            known = {cheat.name: cheat for cheat in (*cheats.ANSWERS, *cheats.ACTS)}
            return [await (own[name]() if name in own else trial.cheat(known[name])) for name in names]
        finally:
            engine.close()

    return dict(zip(names, asyncio.run(inside()), strict=True))


async def _nudged(trial: Trial, folder: TaskFolder) -> Finding:
    return await tolerance(trial, folder, await trial.shape())


async def _by_heart(trial: Trial) -> Finding:
    return await trial.memorising(await trial.shape())


def test_a_cheat_that_gains_beside_its_driver_is_barred_by_the_strict_path(tiny: Make) -> None:
    timed = driver(extra="* 0 + (time.time() > 0)")
    scored = DRIVEN.replace("sum(abs(number(y) - math.exp(x)) for x, y in zip(case.data, claim))", "number(claim[0])")
    (found,) = tried(tiny(**{**BESIDE, "task": task(scored), "drivers": timed}), "stops the clocks").values()
    assert (found.passed, found.found) == (True, "scores 0, the seed 1; barred: cheating")


PRINTS = "import sys\nprint(*sorted(map(float, sys.stdin.read().split())))\n"
READING = """
words = program.run(" ".join(map(repr, case.data))).split()
if not all(word.lstrip("-")[:1].isdigit() for word in words) or len(words) != len(case.data):
    raise InvalidClaim("the output must be as many numbers as there were")
return Result(score=sum(abs(number(float(a)) - b) for a, b in zip(words, sorted(case.data))))
"""
RUN = PLAIN.replace("cpu_s = 1.0", "cpu_s = 1.0\nprocesses = 2")


def test_a_program_that_prints_is_tried_by_what_it_prints(tiny: Make) -> None:
    report = checked(tiny(task=task(READING), seed=PRINTS, toml=RUN))
    assert failures(report) == {}
    assert sum(finding.what.startswith("planted: prints") for finding in report.findings) == len(OUTPUTS)
    unchecked = READING.replace("or len(words) != len(case.data)", "")
    found = failures(checked(tiny(task=task(unchecked), seed=PRINTS, toml=RUN)))
    assert "not looked at" in found["planted: prints nothing"]


BOX = """
def fit(x):
    return [[0.25, 0.25], [0.75, 0.25]]
"""
# Two intervals (centre, half width) in the unit interval that may touch: the widths are what counts.
FITTING = """
rows = program.call("fit.py:fit", case.data)
if type(rows) is not list or len(rows) != 2 or any(type(row) is not list or len(row) != 2 for row in rows):
    raise InvalidClaim("the answer must be two pairs")
(a, r), (b, s) = [[number(item, 0, 1) for item in row] for row in rows]
if r + s > b - a + {tolerance} or r > a + {tolerance} or b + s > 1 + {tolerance}:
    raise InvalidClaim("the intervals overlap")
return Result(score=r + s)
"""
UPWARD = PLAIN.replace("minimize", "maximize")


@pytest.mark.parametrize(("size", "sold"), [("1e-6", True), ("1e-9", True), ("0", False)])
def test_a_tolerance_that_search_could_live_on_is_found(tiny: Make, size: str, sold: bool) -> None:
    folder = tiny(task=task(FITTING.format(tolerance=size)), seed=BOX, toml=UPWARD)
    (found,) = tried(folder, "nudged over a constraint").values()
    assert found.passed != sold
    assert ("fractions.Fraction" if sold else "refused from 1e-09 on") in found.found


UNCHECKED = "found = program.call('fit.py:fit', case.data)\n"
WEAK: dict[str, tuple[dict[str, str], str, str]] = {
    "comparisons that NaN passes": (
        {
            "task": task(UNCHECKED + "if any(a > b for a, b in zip(found, found[1:])):\n    raise InvalidClaim('no')\n"
            "if len(found) != 4: raise InvalidClaim('no')\nreturn Result(score=0.5)"),
            "seed": LISTED,
        },
        "its own answer with a NaN in it",
        "not looked at",
    ),
    "a mean over whatever is there": (
        {
            "task": task(UNCHECKED + "if type(found) is not list: raise InvalidClaim('no')\n"
            "return Result(score=sum(abs(number(y) - x) for x, y in zip(case.data, found)))"),
            "seed": LISTED,
        },
        "an empty list",
        "check claims",
    ),
    "a sum over as many as are claimed": (
        {
            "task": task(UNCHECKED + "if type(found) is not list: raise InvalidClaim('no')\n"
            "return Result(score=sum(number(y, 0, 1) for y in found))", "[rng.random() for _ in range(4)]"),
            "seed": LISTED,
            "toml": UPWARD,
        },
        "everything twice",
        "check claims",
    ),
    "an answer used before it is looked at": (
        {"task": task(UNCHECKED + "return Result(score=float(found[0]) + 5)"), "seed": LISTED},
        "nothing",
        "crashed the evaluator",
    ),
    "a driver that hands out its own array": (
        {"task": task(DRIVEN), "seed": ROOM, "drivers": driver("room")},
        "writes into what it is handed",
        "hand out copies",
    ),
    "a driver that draws from the global generator": (
        {"task": task(DRIVEN), "seed": ROOM, "drivers": driver(extra="+ random.random()")},
        "seeds the generators",
        "a generator of your own",
    ),
    "validation that asks what train asked": (
        {"task": TASK.replace("number(program.call('fit.py:fit', x))", "x").replace(
            'number(program.call("fit.py:fit", x))', 'number(program.call("fit.py:fit", 1.0))')},
        "knows train by heart",
        'splits = "one"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WEAK)
def test_a_weakness_is_found_by_the_cheat_that_lives_on_it(tiny: Make, what: str) -> None:
    shape, cheat, said = WEAK[what]
    (found,) = tried(tiny(**{"toml": PLAIN, **shape}), cheat).values()
    assert not found.passed
    assert said in found.found
