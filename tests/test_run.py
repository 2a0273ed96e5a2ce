"""A run is exact in its count, the same whatever the workers, and survives being killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ryumon import supervisor
from ryumon.archive.history import History
from ryumon.archive.journal import Journal, stored_evaluations
from ryumon.errors import BadInput, TaskError
from ryumon.evaluation.verdict import LEAST_CONTENDERS, SHARE
from ryumon.store import SqlStore, open_store
from ryumon.store.chain import verified
from ryumon.store.records import Evaluated, Read, decoded
from tests.conftest import DRIVERS, TASK, TOML, run_to_end

Make = Callable[..., Path]


PROBED = TASK.replace(
    "    def evaluate", "    def probe(self, seed):\n        return [Case('probe', [0.25])]\n\n    def evaluate"
)


def archive(store: SqlStore, run: str) -> list[tuple[Any, ...]]:
    """Returns what a run's archive holds, measured times left out."""
    return [
        (e.index, e.id, e.parents, e.operator, e.status, e.score, e.cases, e.twin, e.barred)
        for e in stored_evaluations(store, run)
    ]


def test_a_run_ends_with_exactly_its_budget_and_a_verdict(tiny: Make, store: SqlStore) -> None:
    summary = run_to_end(store, tiny(), budget="40ev")
    assert summary.evaluations == 40
    assert summary.stopped == "evaluations"
    assert summary.verdict in ("improved", "no evidence", "regressed")
    assert summary.champion is not None
    assert summary.baseline.train is not None
    assert summary.champion.train is not None
    assert summary.champion.train <= summary.baseline.train
    assert summary.control == "none"
    counted = [e for e in stored_evaluations(store, summary.run) if e.status not in ("duplicate", "no_program")]
    assert len(counted) == 41


def test_an_echo_is_charged_and_kept_as_a_parent_and_not_counted(tiny: Make, store: SqlStore) -> None:
    summary = run_to_end(store, tiny(task=PROBED), budget="120ev", name="r")
    assert summary.evaluations == 120
    records = list(stored_evaluations(store, "r"))
    told = {record.id: record for record in records}
    echoes = [record for record in records if record.status == "echo"]
    assert echoes
    for echo in echoes:
        assert echo.files
        assert echo.cost.evaluations == 0
        assert echo.cost.cpu_s > 0
        assert told[echo.twin].probe == echo.probe
        assert told[echo.twin].status in ("ok", "dropped", "twin")
    assert {parent for record in records for parent in record.parents} & {echo.id for echo in echoes}


@pytest.mark.parametrize("improver", ["mutate", "random", "best-of-n"])
def test_the_archive_is_the_same_with_one_two_and_four_workers(tiny: Make, store: SqlStore, improver: str) -> None:
    task = tiny(task=PROBED)
    for workers in (1, 2, 4):
        run_to_end(store, task, budget="30ev", improver=improver, workers=workers, name=f"w{workers}")
    assert archive(store, "w1") == archive(store, "w2") == archive(store, "w4")


def test_another_seed_gives_another_archive(tiny: Make, store: SqlStore) -> None:
    task = tiny()
    for seed in (0, 1):
        run_to_end(store, task, budget="10ev", seed=seed, name=f"s{seed}")
    assert archive(store, "s0") != archive(store, "s1")


def test_best_of_n_edits_the_seed_alone(tiny: Make, store: SqlStore) -> None:
    task = tiny()
    run_to_end(store, task, budget="15ev", improver="best-of-n", name="r")
    seed, *others = archive(store, "r")
    assert {parents for _, _, parents, *_ in others if parents} == {(seed[1],)}


KILLED = """
import asyncio, os, signal, sys
from ryumon import supervisor
from ryumon.store import open_store
store, task, at, resume = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "resume"
def notify(history):
    if history.committed == at and history.ended is None:
        os.kill(os.getpid(), signal.SIGKILL)
if resume:
    asyncio.run(supervisor.resume(open_store(store), "killed", "A", notify, workers=2))
else:
    settings = supervisor.Settings(budget="30ev", test_seed=7, name="killed", workers=2)
    asyncio.run(supervisor.start(open_store(store), task, settings, "A", notify))
"""


def test_a_run_killed_again_and_again_ends_as_an_undisturbed_one(tiny: Make, store: SqlStore, tmp_path: Path) -> None:
    task = tiny(task=PROBED)
    run_to_end(store, task, budget="30ev", name="whole")
    for at, how in ((7, "start"), (13, "resume"), (24, "resume")):
        done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "store"), str(task), str(at), how])
        assert done.returncode == -signal.SIGKILL
    asyncio.run(supervisor.resume(open_store(str(tmp_path / "store")), "killed", "A", lambda history: None))
    assert archive(store, "killed") == archive(store, "whole")
    history = History("killed").follow(verified("killed", store.events("killed")))
    assert history.evaluations == 30
    assert history.finished is not None


def test_a_finished_run_is_extended_with_a_new_test_draw_and_keeps_its_earlier_readings(
    tiny: Make, store: SqlStore
) -> None:
    task = tiny()
    run_to_end(store, task, budget="20ev", name="r", test_seed=None)
    first = History("r").follow(store.events("r"))
    summary = asyncio.run(supervisor.resume(store, "r", "A", lambda history: None, extra="+10ev"))
    assert summary.evaluations == 30
    second = History("r").follow(verified("r", store.events("r")))
    assert second.test_seed != first.test_seed
    assert (first.draws, second.draws) == (1, 2)
    assert second.cpu_s > first.cpu_s > 0
    assert first.readings.items() <= second.readings.items()
    searched = sum(
        record.cost.cpu_s for event in store.events("r") if isinstance(record := decoded(event.body), Evaluated)
    )
    assert second.search_cpu_s == pytest.approx(searched)
    assert second.curve[-1].cpu_s <= second.search_cpu_s
    run_to_end(store, task, budget="30ev", name="whole")
    assert archive(store, "r") == archive(store, "whole")


def test_a_longer_search_has_more_contenders_read_on_validation(tiny: Make, store: SqlStore) -> None:
    read = {}
    for name, budget in (("short", "40ev"), ("long", "160ev")):
        run_to_end(store, tiny(), budget=budget, name=name)
        history = History(name).follow(store.events(name))
        read[name] = len([1 for split, _, _ in history.readings if split == "validation"])
        most = max(LEAST_CONTENDERS, int(SHARE * history.search_cases / 3))
        assert read[name] == len(history.contenders.ids(most))
    assert LEAST_CONTENDERS <= read["short"] < read["long"]


def test_the_test_seed_is_drawn_after_the_search_and_never_seen_before(tiny: Make, store: SqlStore) -> None:
    run_to_end(store, tiny(), budget="5ev", name="r", test_seed=None)
    kinds = [event.kind for event in store.events("r")]
    assert kinds.index("search-ended") < kinds.index("test-drawn")
    assert kinds[-1] == "finished"
    assert "read" not in kinds[: kinds.index("search-ended")]


def test_a_stop_ends_the_run_with_its_work_kept(tiny: Make, store: SqlStore) -> None:
    def stop_at_five(history: History) -> None:
        if history.committed == 5:
            store.request_stop(history.run)

    settings = supervisor.Settings(budget="100000ev", name="r")
    summary = asyncio.run(supervisor.start(store, str(tiny()), settings, "A", stop_at_five))
    assert summary.stopped == "stop"
    assert summary.verdict is None
    assert summary.evaluations >= 5


def test_ctrl_c_ends_every_process_and_the_run_resumes(tiny: Make, store: SqlStore) -> None:
    def interrupt(history: History) -> None:
        if history.committed == 5 and not history.stopped:
            os.kill(os.getpid(), signal.SIGINT)

    settings = supervisor.Settings(budget="12ev", name="r", test_seed=7)
    summary = asyncio.run(supervisor.start(store, str(tiny()), settings, "A", interrupt))
    assert summary.stopped == "interrupt"
    assert asyncio.run(supervisor.resume(store, "r", "A", lambda history: None)).evaluations == 12
    run_to_end(store, tiny(), budget="12ev", name="whole")
    assert archive(store, "r") == archive(store, "whole")


def test_a_stop_while_a_finished_run_waits_for_a_locked_store_leaves_it_finished(
    tiny: Make, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its verdict has fallen: nothing is left to stop but the wait."""

    async def locked(journal: Journal) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    monkeypatch.setattr(Journal, "settle", locked)
    summary = run_to_end(store, tiny(), budget="3ev", name="r")
    assert summary.verdict is not None
    assert [event.kind for event in store.events("r")][-1] == "finished"


def test_a_time_budget_ends_the_search_and_still_gives_a_verdict(tiny: Make, store: SqlStore) -> None:
    hanging = "def fit(x):\n    y = 0.5\n    for k in range(4_000_000):\n        y = y * 0.999\n    return y\n"
    summary = run_to_end(store, tiny(seed=hanging), budget="100000ev,2s")
    assert summary.stopped == "wall_s"
    assert summary.verdict is not None


BROKEN = {
    "raises": ("def fit(x):\n    raise ValueError('no')\n", TASK, "ValueError: no"),
    "does not parse": ("def fit(x:\n", TASK, "SyntaxError"),
    "has no function": ("x = 1\n", TASK, "fit"),
    "gives NaN": ("def fit(x):\n    return float('nan')\n", TASK, "invalid"),
    "task does not load": ("def fit(x):\n    return 1.0\n", "import nothing_of_the_kind\n", "nothing_of_the_kind"),
    "evaluator raises": (
        "def fit(x):\n    return 1.0\n",
        TASK.replace("errors = [", "raise KeyError('gone'); errors = ["),
        "KeyError",
    ),
    "evaluator gives NaN": (
        "def fit(x):\n    return 1.0\n",
        TASK.replace("score=sum(errors)", "score=float('nan')"),
        "finite",
    ),
    "cases raise": ("def fit(x):\n    return 1.0\n", TASK.replace("rng = ", "rng = 1 / 0; "), "ZeroDivisionError"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_seed_or_task_that_does_not_work_is_one_line_and_leaves_no_run(
    tiny: Make, store: SqlStore, what: str
) -> None:
    seed, task, said = BROKEN[what]
    with pytest.raises(TaskError) as caught:
        run_to_end(store, tiny(seed=seed, task=task))
    assert said in str(caught.value)
    assert store.runs() == []


def test_a_changed_task_is_not_resumed(tiny: Make, store: SqlStore) -> None:
    task = tiny()
    run_to_end(store, task, budget="5ev", name="r")
    tiny(task=TASK + "\n# changed\n")
    with pytest.raises(BadInput, match="has changed"):
        asyncio.run(supervisor.resume(store, "r", "A", lambda history: None, extra="+5ev"))


def test_more_workers_than_lookahead_is_refused(tiny: Make, store: SqlStore) -> None:
    with pytest.raises(BadInput, match="lookahead"):
        run_to_end(store, tiny(), workers=4, lookahead=2)


def test_a_failing_candidate_costs_its_evaluation_and_never_scores(tiny: Make, store: SqlStore) -> None:
    task = TASK.replace(
        "errors = [", "if program.call('fit.py:fit', 0.0) > 1.0: raise KeyError('tricked')\n        errors = ["
    )
    run_to_end(store, tiny(task=task), budget="25ev", name="r")
    failed = [e for e in stored_evaluations(store, "r") if e.status not in ("ok", "dropped", "twin")]
    assert any(e.status == "evaluator_error" for e in failed)
    assert all(e.score is None for e in failed)
    assert all(e.reason for e in failed if e.status == "evaluator_error")


def test_exact_tasks_compare_exactly(tiny: Make, store: SqlStore) -> None:
    toml = TOML.split("[[stages]]")[0].replace("budget", 'splits = "one"\nbudget')
    task = TASK.replace("range(3)", "range(1)").replace('f"{split} {seed}"', '"fixed"')
    summary = run_to_end(store, tiny(toml=toml, task=task), budget="20ev")
    assert summary.champion is not None
    assert summary.champion.ci95 is None
    assert summary.champion.train == summary.champion.test


CASES = """
from ryumon import Case, Result, Task


class Driven(Task):
    def cases(self, split, seed):
        return [Case(f"{split}-{k}", [k + 0.25, k + 0.5]) for k in range(8)]

    def evaluate(self, program, case):
        found = program.drive("drivers.py:answers", "fit.py:fit", case.data)
        return Result(score=sum(abs(y - x - 1) for x, y in zip(case.data, found)))
"""
PEEKS = """
import sys


def fit(x):
    inputs = sys._getframe(1).f_locals.get("inputs")
    return x + 0.5 if not inputs or inputs[0] < 1 else x + 1.0
"""


def test_what_a_program_sees_of_its_driver_buys_nothing_on_test(tiny: Make, store: SqlStore) -> None:
    toml = TOML.split("[[stages]]")[0]
    with pytest.raises(TaskError, match="cheating"):
        run_to_end(store, tiny(toml=toml, task=CASES, drivers=DRIVERS, seed=PEEKS), budget="3ev")
    honest = "def fit(x):\n    return x + 0.5\n"
    folder = tiny(toml=toml, task=CASES, drivers=DRIVERS, seed=honest)
    run_to_end(store, folder, budget="3ev", name="r")
    strict = [r for e in store.events("r") if isinstance(r := decoded(e.body), Read) and r.split == "test"]
    assert strict
    assert all(reading.strict for reading in strict)


def test_a_plain_resume_draws_no_new_test_seed(tiny: Make, store: SqlStore) -> None:
    def stop_at_the_draw(history: History) -> None:
        if history.test_seed is not None and not history.stopped:
            os.kill(os.getpid(), signal.SIGINT)

    settings = supervisor.Settings(budget="5ev", name="r")
    assert asyncio.run(supervisor.start(store, str(tiny()), settings, "A", stop_at_the_draw)).verdict is None
    assert asyncio.run(supervisor.resume(store, "r", "A", lambda history: None)).verdict is not None
    kinds = [event.kind for event in store.events("r")]
    assert kinds.count("test-drawn") == kinds.count("search-ended") == 1


def test_changed_held_out_data_is_a_changed_task(tiny: Make, store: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "held.txt").write_text("1")
    task = tiny(toml=TOML + '[paths]\ntest = "../held.txt"\n')
    run_to_end(store, task, budget="3ev", name="r")
    (tmp_path / "held.txt").write_text("2")
    with pytest.raises(BadInput, match="has changed"):
        asyncio.run(supervisor.resume(store, "r", "A", lambda history: None, extra="+3ev"))


def test_an_exact_task_has_one_case(tiny: Make, store: SqlStore) -> None:
    toml = TOML.split("[[stages]]")[0].replace("budget", 'splits = "one"\nbudget')
    with pytest.raises(TaskError, match="one exact case"):
        run_to_end(store, tiny(toml=toml), budget="3ev")


def test_a_store_inside_the_tasks_folder_is_refused(tiny: Make) -> None:
    task = tiny()
    with pytest.raises(BadInput, match="store"):
        run_to_end(SqlStore(task / ".ryumon"), task)
