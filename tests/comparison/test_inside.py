"""A run inside one process is the run that the sandbox makes: else what is measured there says nothing."""

import asyncio
import random
from typing import Any

import pytest
from benchmarks import inside

from ryumon import supervisor
from ryumon.archive.journal import stored_evaluations
from ryumon.sandbox import CandidateFailure
from ryumon.store import SqlStore
from ryumon.task import Limits
from tests.conftest import run_to_end


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("family", "improver"), [("knapsack", "mutate"), ("comparator", "best-of-n")])
def test_inside_one_process_a_run_has_the_archive_and_the_figures_of_the_sandbox(
    family: str, improver: str, store: SqlStore
) -> None:
    settings: dict[str, Any] = {"improver": improver, "budget": "60ev", "seed": 3, "test_seed": 7}
    folder = supervisor.find_task(family)
    confined = run_to_end(store, folder, name="confined", **settings)
    state = random.getstate()
    unconfined = asyncio.run(inside.run(store, str(folder), supervisor.Settings(name="inside", workers=1, **settings)))
    random.setstate(state)
    archives = [
        [
            (e.index, e.id, e.parents, e.operator, e.status, e.score, e.cases, e.twin, e.behaviours, e.probe)
            for e in stored_evaluations(store, name)
        ]
        for name in ("confined", "inside")
    ]
    assert archives[0] == archives[1]
    assert len({status for _, _, _, _, status, *_ in archives[0]}) > 2
    assert (confined.champion, confined.verdict) == (unconfined.champion, unconfined.verdict)
    assert unconfined.tier == "C"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("while True: pass", "cpu_limit"),
        ("return 'x' * (1 << 33)", "memory_limit"),
        ("return 1 / 0", "error"),
        ("return {1, f}", "invalid"),
    ],
)
def test_what_runs_inside_is_held_to_its_time_and_memory(body: str, status: str) -> None:
    inside.hold_time()
    child = inside.Child({"a.py": f"def f():\n    {body}\n"}, Limits(cpu_s=0.05, memory_mb=256), None)
    with pytest.raises(CandidateFailure) as caught:
        child.call("a.py:f", [])
    assert caught.value.status == status
