"""`improve` runs from a script or a notebook, and refuses an evaluator that the worker could not rebuild."""

import asyncio
from pathlib import Path

import pytest

import ryumon
from ryumon.errors import BadInput
from ryumon.notebook import Improved
from ryumon.task import Candidate

SEED = "def f(x):\n    return x * 0.25 + 1.0\n"
SHIFT = 0.0


def close_to_ten(program: Candidate) -> float:
    from ryumon.evaluation.claims import number

    return -abs(number(program.call("program.py:f", 4.0)) - 10.0)


def uses_its_module(program: Candidate) -> float:
    return close_to_ten(program) + SHIFT


def test_the_champion_is_at_least_as_good_as_the_seed(tmp_path: Path) -> None:
    found = ryumon.improve(SEED, close_to_ten, budget="40ev", vocabulary="arithmetic", store=str(tmp_path / "s"))
    assert found.summary.evaluations == 40
    assert found.summary.champion is not None
    assert found.summary.champion.test is not None
    assert found.summary.baseline.test == -8.0
    assert found.summary.champion.test > -8.0
    assert found.summary.verdict == "improved"
    assert found.program.files["program.py"] != SEED


def test_it_works_inside_a_running_event_loop_as_in_a_notebook(tmp_path: Path) -> None:
    async def cell() -> Improved:
        return ryumon.improve(SEED, uses_its_module, budget="3ev", store=str(tmp_path / "s"), workers=1)

    assert asyncio.run(cell()).summary.evaluations == 3


def test_an_evaluator_that_closes_over_state_is_refused_in_one_line() -> None:
    secret = 3.0

    def closes_over(program: Candidate) -> float:
        return secret

    for evaluate, said in ((closes_over, "secret"), (lambda program: 1.0, "def")):
        with pytest.raises(BadInput, match=said):
            ryumon.improve(SEED, evaluate)
