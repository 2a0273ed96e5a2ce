"""`compare`, `bench` and `report` as a user meets them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ryumon.comparison.bench import Cell, arranged, seeds_of, settled
from ryumon.errors import BadInput
from ryumon.store import SqlStore
from ryumon.supervisor import Settings, task_digest
from ryumon.task import read_task
from tests.cli.test_commands import last, ryumon
from tests.conftest import SEED
from tests.runs import made_run

Make = Callable[..., Path]
Capture = pytest.CaptureFixture[str]
ARMS = ("--arms", "mutate, random")


def test_compare_prints_a_table_and_writes_a_page(
    capsys: Capture, store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")  # a narrower table breaks what is asked for over lines
    for seed in range(3):
        made_run(store, f"a{seed}", [4.0, 3.0, 2.0], 2.0, seed=seed)
        made_run(store, f"b{seed}", [4.0, 3.5, 3.0], 3.0, seed=seed, improver="random")
    common = (*store.runs(), "--store", tmp_path / "store")
    out = ryumon(capsys, "compare", *common, "--html", tmp_path / "c.html")
    assert "mutate against random" in out
    assert "no evidence" in out
    assert "\x1b" not in out
    page = (tmp_path / "c.html").read_text()
    assert page.count("<svg") == 3
    assert "tiny" not in page
    assert "a2" in page
    found = last(ryumon(capsys, "compare", *common, "--json"))
    assert [arm["name"] for arm in found["arms"]] == ["mutate", "random"]
    assert found["arms"][0]["runs"][0]["head"]
    assert len(found["arms"][0]["curve"]["mean"]) == len(found["arms"][0]["curve"]["spent"]) == 101
    assert found["contrasts"][0]["difference"] == -1.0


def test_compare_and_report_complain_in_one_line(capsys: Capture, store: SqlStore, tmp_path: Path) -> None:
    made_run(store, "a", [4.0, 3.0])
    made_run(store, "b", [4.0, 3.0], improver="random")
    place = ("--store", tmp_path / "store")
    ryumon(capsys, "compare", *place, code=2)
    ryumon(capsys, "compare", "a", *place, code=2)
    ryumon(capsys, "compare", "a", "c", *place, code=2)
    unwritable = tmp_path / "none" / "c.html"
    assert "cannot be written" in ryumon(capsys, "compare", "a", "b", *place, "--html", unwritable, code=2)
    assert "cannot be written" in ryumon(capsys, "report", "a", *place, "--html", unwritable, code=2)
    ryumon(capsys, "report", "c", *place, code=2)


def test_report_is_named_as_its_run_and_does_not_touch_the_store(
    capsys: Capture, store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made_run(store, "a", [4.0, 3.0])
    before = list(store.events("a"))
    assert last(ryumon(capsys, "report", "--store", "store", "--json")) == {"run": "a", "html": "a.html"}
    assert (tmp_path / "a.html").read_text().startswith("<!DOCTYPE html>")
    assert list(store.events("a")) == before


def test_a_bench_runs_every_arm_at_every_seed_on_one_test_seed(capsys: Capture, tiny: Make, tmp_path: Path) -> None:
    asked = ("bench", tiny(), *ARMS, "--seeds", "0,1", "--budget", "4ev", "--store", tmp_path / "s", "--json")
    found = last(ryumon(capsys, *asked, "--html", tmp_path / "b.html"))
    assert SqlStore(tmp_path / "s").runs() == [
        f"tiny-4ev-{arm}-{seed}" for seed in (0, 1) for arm in ("mutate", "random")
    ]
    assert [[run["seed"] for run in arm["runs"]] for arm in found["arms"]] == [[0, 1], [0, 1]]
    assert not [note for note in found["notes"] if "different cases" in note]
    assert (tmp_path / "b.html").exists()
    assert last(ryumon(capsys, *asked)) == found  # all is there, so nothing is run again


def test_an_interrupted_bench_takes_up_what_stopped_and_runs_what_is_missing(
    capsys: Capture, tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"tiny-5ev-{arm}-0" for arm in ("random", "mutate", "best-of-n")]
    arms = ("--arms", "random,mutate,best-of-n", "--seeds", "0")
    asked = ("bench", tiny(), *arms, "--budget", "5ev", "--store", tmp_path / "s", "--json")
    with monkeypatch.context() as patched:
        patched.setattr(SqlStore, "stop_requested", lambda self, run: run == names[1])
        assert last(ryumon(capsys, *asked)) == {"bench": names, "finished": 1, "stopped": "stop"}
    store = SqlStore(tmp_path / "s")
    assert store.runs() == names[:2]
    first = list(store.events(names[0]))
    found = last(ryumon(capsys, *asked))
    assert [arm["name"] for arm in found["arms"]] == ["random", "mutate", "best-of-n"]
    assert [arm["runs"][0]["evaluations"] for arm in found["arms"]] == [5, 5, 5]
    assert list(store.events(names[0])) == first
    assert "different cases" not in str(found["notes"])


def test_a_bench_does_not_take_another_benchs_runs_for_its_own(tiny: Make, store: SqlStore) -> None:
    task = str(tiny())
    digest = task_digest(read_task(Path(task)))
    theirs: dict[str, Any] = {
        "improver": "random",
        "task_digest": digest,
        "budget": "4ev",
        "lookahead": 8,
        "test_seed": 5,
    }
    made_run(store, "b-random-0", [4.0, 3.0], **theirs)

    def cells(**changes: Any) -> list[Cell]:
        settings = {"name": "b", "budget": "4ev", "workers": 1, **changes}
        return settled(store, task, arranged(task, ["mutate", "random"], [0], Settings(**settings)))

    assert [cell.settings.test_seed for cell in cells()] == [5, 5]  # that of the run which is there
    for changes, said in (
        ({"budget": "5ev"}, "another budget: 4ev, not 5ev"),
        ({"lookahead": 4}, "another lookahead: 8, not 4"),
        ({"test_seed": 6}, "another test seed: 5, not 6"),
    ):
        with pytest.raises(BadInput, match=said):
            cells(**changes)
    tiny(seed=SEED + "\n")
    with pytest.raises(BadInput, match="another task"):
        cells()


BAD = {
    "one arm": ("--arms", "mutate"),
    "an arm twice": ("--arms", "mutate,mutate"),
    "an unknown arm": ("--arms", "mutate,wizard"),
    "an option with no value": ("--arms", "mutate,mutate:parents"),
    "bad seeds": ("--seeds", "0-x"),
    "seeds that go down": ("--seeds", "3-1"),
    "a seed twice": ("--seeds", "0-3,2"),
    "no end": ("--budget", "5usd"),
    "a bad test seed": ("--test-seed", "-1"),
    "a bad name": ("--name", "../x"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bench_that_cannot_be_is_one_line_and_makes_no_store(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ryumon(capsys, "bench", "bin-packing", *BAD[what], code=2)
    assert not (tmp_path / ".ryumon").exists()


def test_seeds_are_ranges_and_lists() -> None:
    assert seeds_of("0-7") == list(range(8))
    assert seeds_of("0, 3,5-6") == [0, 3, 5, 6]
    with pytest.raises(BadInput, match="not understood"):
        seeds_of("0-99999999")


def test_one_improver_with_other_options_is_another_arm(tiny: Make, store: SqlStore) -> None:
    """Else an ablation would be refused as an arm named twice, or be compared with itself."""
    task = str(tiny())
    cells = arranged(task, ["mutate", "mutate:parents=weighted:islands=1"], [0], Settings(workers=1, budget="4ev"))
    assert [cell.name for cell in cells] == ["tiny-4ev-mutate-0", "tiny-4ev-mutate-parents-weighted-islands-1-0"]
    assert [cell.settings.options for cell in cells] == [{}, {"parents": "weighted", "islands": "1"}]
    made_run(store, cells[1].name, [4.0, 3.0], task_digest=task_digest(read_task(Path(task))), budget="4ev")
    with pytest.raises(BadInput, match="another set of options"):
        settled(store, task, cells)


def test_an_interrupted_bench_is_balanced(tiny: Make) -> None:
    cells = arranged(str(tiny()), ["mutate", "random"], [0, 1, 2], Settings(workers=1))
    seeds = [cell.settings.seed for cell in cells]
    assert seeds == [0, 0, 1, 1, 2, 2]


def test_a_run_is_charged_its_own_cpu_time_alone(
    capsys: Capture, tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs of a bench share a process, whose CPU time grows from run to run."""
    real = time.process_time
    monkeypatch.setattr(time, "process_time", lambda: real() + 1000)
    found = last(ryumon(capsys, "run", tiny(), "--budget", "2ev", "--json", "--store", tmp_path / "s"))
    assert found["cpu_s"] < 1000
