"""What adopting a task writes: a task folder that reads, with the files that its evaluation needs and no others."""

from pathlib import Path

import pytest

from ryumon.adoption import adopt
from ryumon.adoption.source import imports
from ryumon.errors import BadInput
from ryumon.task import TaskFolder, read_task
from tests.adoption.peers import CONFIG, CURVE, OPENEVOLVE, PROGRAM, lay_out

SYSTEMS = ("openevolve", "shinka")
NEEDS = OPENEVOLVE.replace("import curve\n", "import curve\nimport no_such_package\n")


def adopted(tmp_path: Path, system: str, **changed: str | None) -> tuple[TaskFolder, tuple[str, ...]]:
    made = adopt(system, lay_out(tmp_path / "theirs", system, **changed), tmp_path / "ours", "ours")
    return read_task(tmp_path / "ours"), made.notes


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_adopted_task_reads_is_marked_unseparated_and_lets_only_the_program_change(
    tmp_path: Path, system: str
) -> None:
    task, notes = adopted(tmp_path, system)
    spec = task.spec
    assert (spec.name, spec.direction, spec.unseparated, spec.splits) == ("ours", "maximize", True, "one")
    assert spec.editable == (("initial_program.py",) if system == "openevolve" else ("initial.py",))
    assert task.seed.files[spec.editable[0]] == PROGRAM
    assert "no evidence" in notes[0]


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_the_evaluator_imports_or_names_comes_along_and_nothing_else(tmp_path: Path, system: str) -> None:
    task, notes = adopted(tmp_path, system)
    assert {"curve.py", "inputs.json"} <= task.seed.files.keys()
    assert not {"best_program.py", "notes.md", "config.yaml"} & task.seed.files.keys()
    assert any("left out" in note and "best_program.py" in note for note in notes)


def test_the_brief_and_the_limits_come_from_the_configuration(tmp_path: Path) -> None:
    task, _ = adopted(tmp_path, "openevolve")
    assert "Come close to the exponential function." in task.brief
    assert (task.spec.limits.cpu_s, task.spec.limits.wall) == (7.0, 14.0)


def test_an_evaluator_that_starts_processes_or_threads_may(tmp_path: Path) -> None:
    assert adopted(tmp_path / "a", "openevolve")[0].spec.limits.processes == 1
    starts = OPENEVOLVE.replace("import time\n", "import subprocess\nimport time\n")
    assert adopted(tmp_path / "b", "openevolve", evaluator=starts)[0].spec.limits.processes > 1


def test_what_the_sandbox_will_not_have_is_named(tmp_path: Path) -> None:
    task, notes = adopted(tmp_path, "openevolve", evaluator=NEEDS + "import openevolve.database\n")
    assert any("no_such_package" in note and "requirements" in note for note in notes)
    assert any("openevolve.database" in note for note in notes)
    assert task.spec.preload == ("numpy",)


def test_requirements_come_along_where_they_are_not_installed(tmp_path: Path) -> None:
    theirs = lay_out(tmp_path / "theirs", "openevolve", evaluator=NEEDS)
    (theirs / "requirements.txt").write_text("# for the evaluator\nno-such-package==1.0\nOpenEvolve>=0.2\n")
    notes = adopt("openevolve", theirs, tmp_path / "ours", "ours").notes
    spec = read_task(tmp_path / "ours").spec
    assert (tmp_path / "ours" / "requirements.txt").read_text() == "no-such-package==1.0\n"
    assert (spec.requirements, spec.preload) == ("requirements.txt", ("no_such_package", "numpy"))
    assert not any("not installed" in note for note in notes)


def test_requirements_stay_behind_where_all_is_installed(tmp_path: Path) -> None:
    theirs = lay_out(tmp_path / "theirs", "openevolve")
    (theirs / "requirements.txt").write_text("numpy\n")
    adopt("openevolve", theirs, tmp_path / "ours", "ours")
    assert read_task(tmp_path / "ours").spec.requirements == ()


def test_installed_packages_are_preloaded(tmp_path: Path) -> None:
    needs = OPENEVOLVE.replace("import curve\n", "import curve\nfrom numpy.polynomial import polynomial\n")
    task, _ = adopted(tmp_path, "openevolve", evaluator=needs)
    assert task.spec.preload == ("numpy", "numpy.polynomial")


def test_a_program_without_markers_may_change_as_a_whole_and_that_is_said(tmp_path: Path) -> None:
    plain = "".join(line for line in PROGRAM.splitlines(keepends=True) if "EVOLVE-BLOCK" not in line)
    assert any("marks no EVOLVE-BLOCK" in note for note in adopted(tmp_path, "openevolve", initial_program=plain)[1])


def test_modules_are_found_in_every_form_of_import_statement() -> None:
    text = "import a.b, c as d\nfrom e.f import g\nfrom . import h\ndef i():\n    import j\nimportant = 1\n"
    assert list(imports(text)) == ["a.b", "c", "e.f"]
    assert list(imports(text, indented=True)) == ["a.b", "c", "e.f", "j"]


BROKEN: dict[str, tuple[dict[str, str | None], str]] = {
    "no program": ({"initial_program": None}, "has no initial_program"),
    "no evaluator": ({"evaluator": None}, "has no evaluator.py"),
    "broken configuration": ({"config": CONFIG + "  - ["}, "config.yaml"),
    "too large": ({"curve": CURVE + "#" * 300_000}, "256 kB.*curve.py is the largest"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_adopted_is_said_and_leaves_nothing(tmp_path: Path, what: str) -> None:
    changed, said = BROKEN[what]
    with pytest.raises(BadInput, match=said):
        adopted(tmp_path, "openevolve", **changed)
    assert not (tmp_path / "ours").exists()
