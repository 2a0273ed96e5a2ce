"""A task that says it is noisy, on real candidates: it is checked, run and shown, and noise bars no program."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ryumon import supervisor
from ryumon.archive.journal import stored_evaluations
from ryumon.errors import TaskError
from ryumon.store import SqlStore
from ryumon.task import read_task
from tests.cli.test_commands import last, ryumon
from tests.conftest import DRIVERS, TOML, run_to_end
from tests.evaluation.test_evaluator import DRIVEN, RANDOM, judged

Make = Callable[..., Path]
Capture = pytest.CaptureFixture[str]
NOISY = TOML + "[noise]\nrepeats = 3\n"
CLOCK = """
import math
import os

from ryumon import Case, Result, Task
from ryumon.evaluation.claims import number


class Clock(Task):
    def cases(self, split, seed):
        return [Case(f"{split}-{k}", [k / 3 + len(split) / 100]) for k in range(6)]

    def evaluate(self, program, case):
        found = number(program.call("fit.py:fit", case.data[0]))
        return Result(score=abs(found - math.exp(case.data[0])) + os.urandom(1)[0] / 1000)
"""
SEEDED = """
import math
import random

from ryumon import Case, Result, Task
from ryumon.evaluation.claims import number


class Seeded(Task):
    def cases(self, split, seed):
        rng = random.Random(f"{split} {seed}")
        return [Case(f"{split}-{k}", [rng.uniform(-1, 1), rng.getrandbits(30)]) for k in range(3)]

    def evaluate(self, program, case):
        x, seed = case.data
        found = number(program.call("fit.py:fit", x))
        return Result(score=abs(found - math.exp(x)) + random.Random(f"{seed} {found}").random() / 20)
"""


def test_check_takes_a_declared_noisy_task_and_states_its_floor(capsys: Capture, tiny: Make) -> None:
    stages = NOISY.replace("cases = 2\n", "cases = 5\n")
    said = ryumon(capsys, "check", tiny(toml=stages, task=CLOCK))
    assert "noise floor: 0.0" in said
    assert "the standard deviation over 3 repeats of the seed" in said
    assert "the verdict pairs 6 scores" in said


def test_check_refuses_noise_that_is_not_declared_and_noise_that_no_verdict_can_see_through(
    capsys: Capture, tiny: Make
) -> None:
    said = ryumon(capsys, "check", tiny(task=CLOCK), code=1)
    assert "FAIL  noise floor" in said
    few = tiny(toml=NOISY, task=CLOCK.replace("range(6)", "range(4)"))
    assert "FAIL  evidence: the verdict pairs 4 scores; it needs 6" in ryumon(capsys, "check", few, code=1)


def test_a_program_whose_repeats_differ_is_confirmed_where_the_task_is_noisy(tiny: Make) -> None:
    assert judged(tiny(toml=NOISY, task=DRIVEN, drivers=DRIVERS), RANDOM)[1] == "ok"


def test_a_program_that_fails_on_the_strict_path_alone_is_cheating_also_where_the_task_is_noisy(tiny: Make) -> None:
    peeks = "import sys\n\ndef fit(x):\n    return x / len(sys._getframe(1).f_locals['inputs'])\n"
    assert judged(tiny(toml=NOISY, task=DRIVEN, drivers=DRIVERS), peeks)[1] == "cheating"


def test_a_noisy_run_says_its_noise_in_json_and_in_words(capsys: Capture, tiny: Make, tmp_path: Path) -> None:
    common = ("--store", tmp_path / "s")
    found = last(ryumon(capsys, "run", tiny(toml=NOISY, task=SEEDED), "--budget", "12ev", "--json", *common))
    noise = found["noise"]
    assert noise["repeats"] == 3
    assert noise["floor"] > 0
    assert set(noise) == {"repeats", "floor", "gain_in_search", "gain_on_fresh", "shrinkage"}
    assert found["verdict"]
    assert f"noise     {noise['floor']:.3g} from repeat to repeat of the seed, 3 repeats" in ryumon(
        capsys, "show", *common
    )


def test_seeded_noise_repeats_after_resume_and_with_more_workers(tiny: Make, tmp_path: Path) -> None:
    folder = tiny(toml=NOISY, task=SEEDED)

    def archive(store: SqlStore, name: str) -> list[tuple[Any, ...]]:
        return [(r.id, r.status, r.score, r.repeats) for r in stored_evaluations(store, name)]

    store = SqlStore(tmp_path / "s")
    run_to_end(store, folder, budget="30ev", name="whole", seed=6)
    run_to_end(store, folder, budget="30ev", name="two", workers=2, seed=6)
    run_to_end(store, folder, budget="6ev", name="parts", seed=6)
    asyncio.run(supervisor.resume(store, "parts", "A", lambda history: None, extra="+24ev", workers=1))
    whole = archive(store, "whole")
    assert archive(store, "two") == whole
    assert archive(store, "parts") == whole
    assert {len(repeats) for *_, repeats in whole} == {0, 1, 2}  # unraced, dropped early, raced to the end


@pytest.mark.parametrize("repeats", [0, 1, 1001])
def test_a_number_of_repeats_out_of_range_is_refused_with_its_field(tiny: Make, repeats: int) -> None:
    with pytest.raises(TaskError, match=r"noise\.repeats"):
        read_task(tiny(toml=NOISY.replace("repeats = 3", f"repeats = {repeats}")))


def test_a_noisy_task_of_one_case_takes_its_repeats_for_the_evidence(tiny: Make, store: SqlStore) -> None:
    toml = 'name = "one"\ndirection = "minimize"\neditable = ["fit.py"]\nsplits = "one"\n[noise]\nrepeats = 6\n'
    summary = run_to_end(store, tiny(toml=toml, task=CLOCK.replace("range(6)", "range(2, 3)")), budget="12ev", name="r")
    assert summary.champion is not None
    assert summary.champion.test is not None
    assert summary.champion.ci95 is not None
    assert summary.verdict in ("improved", "no evidence")
