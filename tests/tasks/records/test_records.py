"""Every record: found by name, laid out as a user's own, scored by its seed, and fooled by no hostile answer."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ryumon import registry
from ryumon.evaluation.claims import InvalidClaim
from ryumon.evaluation.worker import load_task
from ryumon.improvers.mutate.vocabularies import vocabulary
from ryumon.supervisor import find_task, task_digest
from ryumon.task import Task, TaskFolder, read_task
from ryumon.tasks.records import FOLDER, folders
from ryumon.testing.inprocess import InProcess
from tests.tasks.records.answering import judged

EVERY = pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
ROWS = {
    line.split("|")[1].strip().strip("`"): [cell.strip() for cell in line.split("|")[2:-1]]
    for line in (Path(__file__).parents[3] / "docs" / "records.md").read_text("utf-8").splitlines()
    if line.startswith("| `") and ("| ↑ |" in line or "| ↓ |" in line)
}


def task_of(task: TaskFolder) -> type[Task]:
    """Returns the task's class, loaded as a worker loads it."""
    return load_task(task.path)


def answer_of(task: TaskFolder) -> Any:
    """Returns what the seed answers."""
    module = {"packing.py": "pack", "points.py": "place", "heights.py": "heights", "cap.py": "build"}
    (file,) = task.spec.editable
    return InProcess(task.seed).call(f"{file}:{module.get(file, 'arrange')}")


def test_there_are_fourteen_and_the_table_has_them_all() -> None:
    assert len(folders()) == 14
    assert {read_task(folder).spec.name for folder in folders()} == set(ROWS)


@EVERY
def test_a_record_is_a_task_that_is_found_by_name(folder: Path) -> None:
    task = read_task(folder)
    assert find_task(task.spec.name) == folder
    assert task.spec.name in registry.names("tasks")
    assert vocabulary(task.spec.vocabulary)
    assert task.spec.splits == "one"
    assert any("known" in name for name in task.spec.reference)
    assert "tolerance 0" in task.spec.summary
    assert "scipy" in task.brief
    assert "tolerance 0" in task.brief or "whole numbers" in task.brief


@EVERY
def test_the_table_of_the_docs_says_what_the_seed_scores_and_what_is_best_known(folder: Path) -> None:
    task = read_task(folder)
    kind = task_of(task)
    found = [kind().evaluate(InProcess(task.seed), case).score for case in kind().cases("train", 0)]
    assert len(found) == 1
    direction, tolerance, seed, best = ROWS[task.spec.name][:4]
    assert direction == {"maximize": "↑", "minimize": "↓"}[task.spec.direction]
    assert tolerance == "0"
    assert float(seed) == pytest.approx(found[0], rel=1e-5)
    figures = [value for name, value in task.spec.reference.items() if "known" in name]
    assert float(best) == figures[-1]
    (told,) = [line.split("|")[2] for line in task.brief.splitlines() if line.startswith("| the seed")]
    assert float(told) == pytest.approx(found[0], rel=2e-3)
    assert (figures[-1] > found[0]) == (task.spec.direction == "maximize")


@EVERY
def test_a_record_names_the_verifiers(folder: Path) -> None:
    assert read_task(folder).spec.paths == {"verifiers": str(FOLDER / "verifiers")}


def test_a_runs_figures_belong_to_the_verifiers_text_too(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "circles_32", tmp_path / "circles_32")
    shutil.copytree(FOLDER / "verifiers", tmp_path / "verifiers")
    before = task_digest(read_task(tmp_path / "circles_32"))
    with (tmp_path / "verifiers" / "circles.py").open("a", encoding="utf-8") as file:
        file.write("CLEARLY_APART = 1.0\n")
    assert task_digest(read_task(tmp_path / "circles_32")) != before


@EVERY
@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: None,
        lambda answer: 1e9,
        lambda answer: "best",
        lambda answer: [],
        lambda answer: answer.tolist(),
        lambda answer: answer * np.nan,
        lambda answer: answer.astype(complex),
        lambda answer: answer.astype(bool),
        lambda answer: answer.astype(np.float64 if answer.dtype.kind == "i" else np.int64),
        lambda answer: answer[None],
        lambda answer: answer[..., 0] if answer.ndim > 1 else answer[0],
        lambda answer: answer[:0],
        lambda answer: np.full((400_000, *answer.shape[1:]), 1, answer.dtype),
    ],
)
def test_an_answer_of_another_kind_shape_or_length_never_scores(folder: Path, spoil: Any) -> None:
    task = read_task(folder)
    answer = spoil(answer_of(task))
    if task.spec.name == "cap-set-8" and isinstance(answer, np.ndarray) and answer.shape == (0, 8):
        assert judged(task_of(task), answer).score == 0  # the empty set is a cap
        return
    with pytest.raises(InvalidClaim), np.errstate(all="ignore"):
        judged(task_of(task), answer)


@EVERY
def test_an_infinite_or_enormous_number_gains_nothing(folder: Path) -> None:
    task = read_task(folder)
    answer = answer_of(task)
    honest = judged(task_of(task), answer).score
    for bad in (np.inf, -np.inf, 1e300) if answer.dtype.kind == "f" else (2**62, -(2**63)):
        spoiled = answer.copy()
        spoiled.reshape(-1)[0] = bad
        try:
            found = judged(task_of(task), spoiled).score
        except InvalidClaim:
            continue
        assert (found <= honest) if task.spec.direction == "maximize" else (found >= honest)
