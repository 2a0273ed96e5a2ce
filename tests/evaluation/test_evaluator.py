"""How a score is earned: confirmation, second chances, stages, and what a failure costs."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from ryumon.engines.local import LocalEngine
from ryumon.engines.messages import Evaluate, Evaluated
from ryumon.evaluation.evaluator import Evaluator, Measured
from ryumon.evaluation.stages import Screen
from ryumon.program import Program
from ryumon.store.records import Evaluated as Record
from ryumon.task import Split, read_task
from tests.conftest import DRIVERS, TOML
from tests.runs import evaluated

Make = Callable[..., Path]
T = TypeVar("T")

DRIVEN = """
from ryumon import Case, Result, Task


class Driven(Task):
    def cases(self, split, seed):
        return [Case(f"{split}-{k}", [k + 0.25, k + 0.5]) for k in range(3)]

    def evaluate(self, program, case):
        found = program.drive("drivers.py:answers", "fit.py:fit", case.data)
        return Result(score=sum(abs(y - x) for x, y in zip(case.data, found)))
"""
HONEST = "def fit(x):\n    return x * 0.5\n"
PEEKS = """
import sys

def fit(x):
    inputs = sys._getframe(1).f_locals.get("inputs")
    return x if inputs else x * 0.5
"""
RANDOM = "import os\n\ndef fit(x):\n    return float(os.urandom(4)[0])\n"


def with_evaluator(folder: Path, work: Callable[[Evaluator, LocalEngine], Awaitable[T]]) -> T:
    """Returns what `work` gives, with an evaluator of the task in `folder` on one lane."""

    async def inside() -> T:
        engine = LocalEngine(read_task(folder), "A", 1)
        try:
            return await work(Evaluator(engine, read_task(folder), 0), engine)
        finally:
            engine.close()

    return asyncio.run(inside())


def told(program: Program, found: Measured) -> Record:
    """Returns the event by which a measured program becomes known."""
    return evaluated(
        0,
        program,
        {},
        found.score,
        status=found.status,
        cases=found.results,
        behaviours=found.behaviours,
        probe=found.probe,
        driven=found.driven,
    )


def judged(folder: Path, text: str) -> tuple[Measured, str, str]:
    """Returns how the program `text` measures, what confirmation says of it, and why."""

    async def work(evaluator: Evaluator, engine: LocalEngine) -> tuple[Measured, str, str]:
        program = Program({"fit.py": text})
        screen = Screen("minimize", read_task(folder).spec.stages, 3)
        fast = await evaluator.train(program, screen, screen.view())
        confirmed = await evaluator.confirm(program, fast)
        return fast, confirmed.status, confirmed.evidence

    return with_evaluator(folder, work)


def test_an_honest_program_is_confirmed_by_the_strict_path(tiny: Make) -> None:
    fast, status, _ = judged(tiny(task=DRIVEN, drivers=DRIVERS), HONEST)
    assert fast.driven
    assert status == "ok"


def test_a_program_that_looks_at_its_driver_is_caught_cheating_and_the_evidence_kept(tiny: Make) -> None:
    fast, status, evidence = judged(tiny(task=DRIVEN, drivers=DRIVERS), PEEKS)
    assert fast.score == 0.0
    assert status == "cheating"
    assert "first 0.0" in evidence
    assert "strict path" in evidence


def test_a_program_whose_repeats_differ_is_nondeterministic(tiny: Make) -> None:
    assert judged(tiny(task=DRIVEN, drivers=DRIVERS), RANDOM)[1] == "nondeterministic"


@pytest.mark.parametrize(
    ("split", "expected"),
    [("train", [(1.0, False, 3), (2.0, True, 1)]), ("test", [(2.0, False, 3)])],
)
def test_a_case_at_its_cpu_limit_gets_twice_the_limit_and_a_second_chance_alone_where_it_is_not_held_out(
    tiny: Make, split: Split, expected: list[tuple[float, bool, int]]
) -> None:
    folder = tiny(toml=TOML.replace("cpu_s = 1.0", "cpu_s = 0.2"))
    asked: list[tuple[float, bool, int]] = []

    async def work(evaluator: Evaluator, engine: LocalEngine) -> Measured:
        ask = engine.ask

        async def spied(request, *, alone=False, seen=None):  # type: ignore[no-untyped-def]
            if isinstance(request, Evaluate):
                asked.append((request.patience, alone, len(request.cases)))
            return await ask(request, alone=alone, seen=seen)

        engine.ask = spied  # type: ignore[method-assign]
        spinning = Program({"fit.py": "def fit(x):\n    while True:\n        pass\n"})
        return await evaluator.read(spinning, split, 0)

    found = with_evaluator(folder, work)
    assert found.status == "cpu_limit"
    assert asked == expected


def test_a_second_chance_that_is_used_counts_and_the_rest_goes_on(tiny: Make) -> None:
    folder = tiny()

    async def work(evaluator: Evaluator, engine: LocalEngine) -> Measured:
        ask = engine.ask

        async def first_fails(request, *, alone=False, seen=None):  # type: ignore[no-untyped-def]
            answer = await ask(request, alone=alone, seen=seen)
            if isinstance(answer, Evaluated) and len(request.cases) == 3:
                return Evaluated(id=answer.id, status="cpu_limit", results=answer.results[:1], reason="limit")
            return answer

        engine.ask = first_fails  # type: ignore[method-assign]
        return await evaluator.read(Program({"fit.py": "def fit(x):\n    return x\n"}), "train", 0)

    found = with_evaluator(folder, work)
    assert found.status == "ok"
    assert [result.case for result in found.results] == ["train-0", "train-1", "train-2"]


@pytest.mark.parametrize(("toml", "ran"), [(TOML, 1), (TOML.split("[[stages]]")[0], 3)], ids=["stages", "one stage"])
def test_a_twin_stops_after_the_first_stage_and_names_its_elder(tiny: Make, toml: str, ran: int) -> None:
    folder = tiny(task=DRIVEN, drivers=DRIVERS, toml=toml)

    async def work(evaluator: Evaluator, engine: LocalEngine) -> tuple[Measured, Measured]:
        screen = Screen("minimize", read_task(folder).spec.stages, 3)
        elder = Program({"fit.py": HONEST})
        first = await evaluator.train(elder, screen, screen.view())
        early = screen.view()
        screen.tell(told(elder, first))
        twin = Program({"fit.py": "def fit(x):\n    return x / 2.0\n"})
        return await evaluator.train(twin, screen, screen.view()), await evaluator.train(twin, screen, early)

    found, not_told_yet = with_evaluator(folder, work)
    assert found.status == "twin"
    assert found.twin == Program({"fit.py": HONEST}).id
    assert len(found.results) == ran
    assert found.score is None
    assert not_told_yet.status == "ok"


PROBED = DRIVEN.replace(
    "    def evaluate",
    "    def probe(self, seed):\n        return [Case('probe', [4.0, 6.0])]\n\n    def evaluate",
)


def probed(folder: Path, *texts: str) -> list[Measured]:
    """Returns how programs measure one after the other, each told before the next is evaluated."""

    async def work(evaluator: Evaluator, engine: LocalEngine) -> list[Measured]:
        screen = Screen("minimize", read_task(folder).spec.stages, 3)
        found = []
        for text in texts:
            program = Program({"fit.py": text})
            found.append(await evaluator.train(program, screen, screen.view()))
            screen.tell(told(program, found[-1]))
        return found

    return with_evaluator(folder, work)


def test_a_program_that_claims_on_the_probe_what_an_earlier_one_did_is_its_echo_and_meets_no_case(tiny: Make) -> None:
    folder = tiny(task=PROBED, drivers=DRIVERS)
    elder, echo, another = probed(folder, HONEST, "def fit(x):\n    return x / 2.0\n", "def fit(x):\n    return x\n")
    assert (elder.status, another.status, echo.status) == ("ok", "ok", "echo")
    assert echo.twin == Program({"fit.py": HONEST}).id
    assert (echo.results, echo.score, echo.asked) == ((), None, 0)
    assert echo.cpu_s > 0
    assert elder.probe == echo.probe != another.probe


def test_a_line_of_the_settings_makes_the_first_train_cases_the_probe(tiny: Make) -> None:
    toml = TOML.replace('budget = "40ev"', 'budget = "40ev"\nprobe = 1')
    elder, echo = probed(tiny(task=DRIVEN, drivers=DRIVERS, toml=toml), HONEST, HONEST + "\n")
    assert (elder.status, echo.status) == ("ok", "echo")
    assert elder.score == probed(tiny(task=DRIVEN, drivers=DRIVERS), HONEST)[0].score


def test_an_echo_of_a_program_that_failed_or_was_an_echo_itself_is_none(tiny: Make) -> None:
    """Else what one program was refused for would be held against others that behave better."""
    fails = "def fit(x):\n    if x < 2:\n        raise ValueError(x)\n    return x * 0.5\n"
    first, second, third = probed(tiny(task=PROBED, drivers=DRIVERS), fails, HONEST, HONEST + "\n")
    assert (first.status, second.status, third.status) == ("error", "ok", "echo")
    assert third.twin == Program({"fit.py": HONEST}).id


def test_a_program_that_fails_on_the_probe_fails(tiny: Make) -> None:
    """A probe is the program's first case, and its child: a crash there is no way round it."""
    fails = "def fit(x):\n    if x > 2:\n        raise ValueError('on the probe')\n    return x * 0.5\n"
    folder = tiny(task=PROBED, drivers=DRIVERS)
    (found,) = probed(folder, fails)
    assert (found.status, found.results, found.probe) == ("error", (), b"")
    assert "on the probe" in found.reason


def test_with_a_worst_score_the_cases_decide_and_not_the_probe(tiny: Make) -> None:
    fails = "def fit(x):\n    if x > 2:\n        raise ValueError('on the probe')\n    return x * 0.5\n"
    toml = TOML.replace('budget = "40ev"', 'budget = "40ev"\nworst_score = 99.0')
    first, second = probed(tiny(task=PROBED, drivers=DRIVERS, toml=toml), fails, fails + "\n")
    assert first.status == "ok"
    assert first.score == probed(tiny(task=DRIVEN, drivers=DRIVERS, toml=toml), fails)[0].score
    assert second.status == "twin"


def test_the_probe_and_the_first_case_share_a_child(tiny: Make) -> None:
    """Each child costs some milliseconds, more than many probes."""
    folder = tiny(task=PROBED, drivers=DRIVERS)
    counts = "import itertools\ncalls = itertools.count()\n\ndef fit(x):\n    return float(next(calls))\n"
    (found,) = probed(folder, counts)
    alone = with_evaluator(folder, lambda evaluator, engine: evaluator.read(Program({"fit.py": counts}), "train", 0))
    assert [result.score for result in found.results[1:]] == [result.score for result in alone.results[1:]]
    assert found.results[0].score > alone.results[0].score


def test_a_worst_score_takes_the_place_of_a_failed_case(tiny: Make) -> None:
    folder = tiny(toml=TOML.replace('budget = "40ev"', 'budget = "40ev"\nworst_score = 99.0'))
    failing = Program({"fit.py": "def fit(x):\n    raise ValueError('never')\n"})
    found = with_evaluator(folder, lambda evaluator, engine: evaluator.read(failing, "train", 0))
    assert found.status == "ok"
    assert found.score == 99.0


def test_an_evaluator_that_hangs_or_dies_costs_only_that_evaluation(tiny: Make) -> None:
    task = """
import os
from ryumon import Case, Result, Task


class Fragile(Task):
    def cases(self, split, seed):
        return [Case("only", 0.0)]

    def evaluate(self, program, case):
        word = program.call("fit.py:fit", 0.0)
        while word == "hang":
            pass
        if word == "die":
            os._exit(3)
        return Result(score=0.0)
"""
    toml = TOML.split("[[stages]]")[0].replace('budget = "40ev"', 'evaluator_s = 1.0\nbudget = "40ev"')
    folder = tiny(task=task, toml=toml.replace("cpu_s = 1.0", "cpu_s = 0.1"))

    async def work(evaluator: Evaluator, engine: LocalEngine) -> list[Measured]:
        words = ("hang", "fine", "die", "fine")
        return [
            await evaluator.read(Program({"fit.py": f"def fit(x):\n    return {word!r}\n"}), "train", 0)
            for word in words
        ]

    statuses = [found.status for found in with_evaluator(folder, work)]
    assert statuses == ["evaluator_timeout", "ok", "evaluator_error", "ok"]


def test_an_evaluator_that_swallows_the_failure_gives_no_score(tiny: Make) -> None:
    task = """
from ryumon import Case, Result, Task


class Lenient(Task):
    def cases(self, split, seed):
        return [Case("only", 0.0)]

    def evaluate(self, program, case):
        try:
            program.call("fit.py:fit", 0.0)
        except BaseException:
            pass
        return Result(score=1.0)
"""
    folder = tiny(task=task, toml=TOML.split("[[stages]]")[0])
    failing = Program({"fit.py": "def fit(x):\n    raise ValueError('hidden')\n"})
    found = with_evaluator(folder, lambda evaluator, engine: evaluator.read(failing, "train", 0))
    assert found.status == "error"
    assert found.score is None


def test_a_program_too_slow_for_the_strict_path_is_unconfirmed_and_not_called_a_cheat(tiny: Make) -> None:
    folder = tiny(task=DRIVEN, drivers=DRIVERS)

    async def work(evaluator: Evaluator, engine: LocalEngine) -> str:
        ask = engine.ask

        async def strictly_slow(request, *, alone=False, seen=None):  # type: ignore[no-untyped-def]
            if isinstance(request, Evaluate) and request.strict:
                return Evaluated(id=0, status="cpu_limit", reason="limit")
            return await ask(request, alone=alone, seen=seen)

        engine.ask = strictly_slow  # type: ignore[method-assign]
        program = Program({"fit.py": HONEST})
        return (await evaluator.confirm(program, await evaluator.read(program, "train", 0))).status

    assert with_evaluator(folder, work) == "unconfirmed"


@pytest.mark.parametrize(("reuse", "requests"), [("false", [(0,), (1,), (2,)]), ("true", [(0, 1, 2)])])
def test_a_strict_reading_takes_what_the_cases_in_order_would_have_come_to(
    tiny: Make, reuse: str, requests: list[tuple[int, ...]]
) -> None:
    """Case by case where no child serves several; and what a failure leaves is the same either way."""
    folder = tiny(task=DRIVEN, drivers=DRIVERS, toml=f"reuse = {reuse}\n{TOML}")
    fails = Program({"fit.py": "def fit(x):\n    return x * 0.5 if x < 1 or x > 2 else None\n"})

    async def work(evaluator: Evaluator, engine: LocalEngine) -> tuple[list[tuple[int, ...]], list[Measured]]:
        ask, strict = engine.ask, []

        async def noted(request, *, alone=False, seen=None):  # type: ignore[no-untyped-def]
            if isinstance(request, Evaluate) and request.strict:
                strict.append(request.cases)
            return await ask(request, alone=alone, seen=seen)

        engine.ask = noted  # type: ignore[method-assign]
        return strict, [await evaluator.read(fails, "test", 5, strict=strict) for strict in (False, True)]

    strict, (fast, again) = with_evaluator(folder, work)
    assert strict == requests
    assert (fast.status, len(fast.results), fast.asked) == ("error", 1, 2)
    assert (again.status, again.results, again.asked) == (fast.status, fast.results, fast.asked)


def test_a_lane_whose_zygote_died_heals_and_the_program_is_not_blamed(tiny: Make) -> None:
    async def work(evaluator: Evaluator, engine: LocalEngine) -> list[str]:
        statuses: list[str] = []
        for _ in range(3):
            statuses.append((await evaluator.read(Program({"fit.py": HONEST}), "train", 0)).status)
            os.killpg(engine._lanes[0]._processes[0].pid, signal.SIGKILL)
        return statuses

    assert with_evaluator(tiny(), work) == ["ok"] * 3


def score_of(folder: Path, text: str) -> Measured:
    """Returns how the program `text` measures on train."""
    return with_evaluator(folder, lambda evaluator, engine: evaluator.read(Program({"fit.py": text}), "train", 0))


def test_a_score_without_bound_is_the_evaluators_error(tiny: Make) -> None:
    task = """
from ryumon import Case, Result, Task


class Huge(Task):
    def cases(self, split, seed):
        return [Case("only", 0.0)]

    def evaluate(self, program, case):
        return Result(score=program.call("fit.py:fit", 0.0))
"""
    folder = tiny(task=task, toml=TOML.split("[[stages]]")[0])
    for answer in ("1.7e308", "10**400", "True", "'word'"):
        found = score_of(folder, f"def fit(x):\n    return {answer}\n")
        assert found.status in ("evaluator_error", "invalid") or found.score == 1.0
        assert found.status != "ok" or answer == "True"


def test_reasons_hold_no_addresses_which_differ_from_run_to_run(tiny: Make) -> None:
    program = Program({"fit.py": "def fit(x):\n    raise ValueError(object())\n"})
    found = with_evaluator(tiny(), lambda evaluator, engine: evaluator.read(program, "train", 0))
    assert "object at 0x..." in found.reason
