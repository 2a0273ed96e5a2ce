"""A task is read whole or refused with the place that is wrong; its held-out files reach the worker alone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ryumon.errors import RyumonError, TaskError
from ryumon.store import SqlStore
from ryumon.task import Limits, read_task
from tests.conftest import TOML, run_to_end

Make = Callable[..., Path]

FROM_FILES = """
from pathlib import Path

from ryumon import Case, Result, Task
from ryumon.evaluation.claims import number


class FromFiles(Task):
    def cases(self, split, seed):
        place = self.folder / "train.txt" if split == "train" else Path(self.spec.paths[split])
        return [Case("only", float(place.read_text()))]

    def evaluate(self, program, case):
        return Result(score=abs(number(program.call("fit.py:fit", 1.0)) - case.data))
"""
LOOKS = """
def fit(x):
    try:
        return float(open({path!r}).read())
    except OSError:
        return 1.0
"""


def test_a_shipped_layout_is_read_whole(tiny: Make) -> None:
    task = read_task(tiny(drivers="def loop(f): ...\n"))
    assert task.spec.limits.cpu_s == 1.0
    assert [stage.cases for stage in task.spec.stages] == [1, 2]
    assert task.brief == "Come close to the curve.\n"
    assert task.drivers == "def loop(f): ...\n"


def test_wall_time_follows_cpu_time_unless_stated() -> None:
    assert Limits(cpu_s=2).wall == 20
    assert Limits(cpu_s=2, wall_s=3).scaled(2).wall == 6
    assert Limits(cpu_s=2).scaled(2).cpu_s == 4


@pytest.mark.parametrize("missing", ["task.toml", "task.py", "seed/fit.py"])
def test_a_missing_part_is_named(tiny: Make, missing: str) -> None:
    folder = tiny()
    (folder / missing).unlink()
    with pytest.raises(RyumonError, match=missing.split("/")[0]):
        read_task(folder)


def test_held_out_files_reach_the_worker_and_not_the_candidate(tiny: Make, store: SqlStore, tmp_path: Path) -> None:
    for split, value in (("validation", 40.0), ("test", 50.0)):
        (tmp_path / f"{split}.txt").write_text(str(value))
    toml = TOML.split("[[stages]]")[0] + '[paths]\nvalidation = "../validation.txt"\ntest = "../test.txt"\n'
    folder = tiny(toml=toml, task=FROM_FILES, seed=LOOKS.format(path=str(tmp_path / "test.txt")))
    (folder / "train.txt").write_text("2.0")
    summary = run_to_end(store, folder, budget="2ev", improver="best-of-n")
    assert (summary.baseline.train, summary.baseline.validation, summary.baseline.test) == (1.0, 39.0, 49.0)


def test_a_path_that_is_not_there_is_refused(tiny: Make) -> None:
    with pytest.raises(TaskError, match=r"nowhere\.txt"):
        read_task(tiny(toml=TOML + '[paths]\ntest = "nowhere.txt"\n'))


@pytest.mark.parametrize("place", [".", "..", "task.py", "../held", "../held/inner", "../held/out.txt"])
def test_data_that_would_show_candidates_the_task_or_held_out_files_are_refused(
    tiny: Make, tmp_path: Path, place: str
) -> None:
    (tmp_path / "held" / "inner").mkdir(parents=True)
    (tmp_path / "held" / "out.txt").touch()
    with pytest.raises(TaskError, match=r"data\.shown is .*, by which candidates would see"):
        read_task(tiny(toml=TOML + f'[paths]\ntest = "../held"\n[data]\nshown = "{place}"\n'))


def test_data_may_lie_in_the_tasks_own_folder(tiny: Make) -> None:
    folder = tiny(toml=TOML + '[data]\nshown = "data"\n')
    with pytest.raises(TaskError, match=r"data names .* which is not there"):
        read_task(folder)
    (folder / "data").mkdir()
    assert read_task(folder).spec.data == {"shown": str(folder / "data")}


@pytest.mark.parametrize("name", ["a b", "../up", "a/b", ".hidden", '"'])
def test_the_name_of_data_is_the_name_of_a_file(tiny: Make, name: str) -> None:
    with pytest.raises(TaskError, match="in the name"):
        read_task(tiny(toml=TOML + f"[data]\n'{name}' = 'seed'\n"))


def test_a_probe_of_fewer_than_no_cases_is_refused(tiny: Make) -> None:
    with pytest.raises(TaskError, match="probe is -1"):
        read_task(tiny(toml=TOML.replace('budget = "40ev"', 'budget = "40ev"\nprobe = -1')))


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ('run = ["./main"]\n', "run starts a process beside the sandbox's own, and limits.processes is 1"),
        ('[build]\ncommand = ["make"]\n[build.limits]\nprocesses = 1\n', "and build.limits.processes is 1"),
        ("[build]\ncommand = []\n", "build.command is empty"),
        ('[build]\ncommand = ["make"]\n[build.limits]\ncpu_s = 0\n', "build.limits.cpu_s is 0"),
    ],
)
def test_what_starts_processes_says_so(tiny: Make, more: str, complaint: str) -> None:
    with pytest.raises(TaskError, match=complaint):
        read_task(tiny(toml=more + TOML if more.startswith("run") else TOML + more))
