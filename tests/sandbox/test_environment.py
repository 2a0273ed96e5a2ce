"""A candidate's own Python: made once of a task's requirements, or named as it is; read-only, and without ryumon."""

import asyncio
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ryumon.engines.local import LocalEngine
from ryumon.errors import TaskError
from ryumon.evaluation.evaluator import Evaluator
from ryumon.sandbox import environment, python_of
from ryumon.task import read_task

Make = Callable[..., Path]

REPORTS = """
from ryumon import Case, Result, Task


class Reports(Task):
    def cases(self, split, seed):
        return [Case("only")]

    def evaluate(self, program, case):
        import rich  # the worker keeps ryumon's own packages

        return Result(score=0.0, feedback=repr(program.call("fit.py:fit")))
"""
ONE = 'name = "own"\ndirection = "minimize"\neditable = ["fit.py"]\nsplits = "one"\n'


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps environments of these tests in a folder that they share."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def wheel(folder: Path, name: str, source: str) -> None:
    """Writes the wheel of a package of one module."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, text in {**files, f"{info}/RECORD": "".join(f"{path},,\n" for path in files)}.items():
            archive.writestr(path, text)


def reported(folder: Path) -> str:
    """Returns what the seed's `fit` answers, as text, or how it failed."""

    async def inside() -> str:
        task = read_task(folder)
        engine = LocalEngine(task, "A", 1)
        try:
            found = await Evaluator(engine, task, 0).read(task.seed, "train", 0)
            return found.results[0].feedback if found.results else f"{found.status}: {found.reason}"
        finally:
            engine.close()

    return asyncio.run(inside())


LOOKS = """
import heavy

def attempt(action):
    try:
        return action()
    except (ImportError, OSError):
        return "refused"

def fit():
    import msgspec, numpy, subprocess
    child = subprocess.run(["python", "-c", "import heavy; print(heavy.WEIGHT)"], capture_output=True, text=True)
    return [
        heavy.WEIGHT,
        child.stdout,
        attempt(lambda: __import__("rich").__name__),
        attempt(lambda: open(heavy.__file__, "a").close()),
    ]
"""


@pytest.fixture
def requiring(tiny: Make) -> Path:
    """Returns a task whose candidates require `heavy`, from a wheel in its own folder."""
    folder = tiny(
        toml=f'{ONE}requirements = "requirements.txt"\npreload = ["heavy"]\n[limits]\nprocesses = 4\n',
        task=REPORTS,
        seed=LOOKS,
    )
    wheel(folder / "wheels", "heavy", "WEIGHT = 42\n")
    (folder / "requirements.txt").write_text("--no-index\n--find-links wheels\nheavy==1.0\n")
    return folder


@pytest.mark.usefixtures("confined")
def test_requirements_are_importable_read_only_and_apart_from_ryumons(
    requiring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reported(requiring) == "[42, '42\\n', 'refused', 'refused']"

    def no_more(*_: object) -> None:
        raise AssertionError("an environment that is there was made again")

    monkeypatch.setattr(environment, "_ran", no_more)
    assert reported(requiring).startswith("[42, ")


def test_requirements_that_cannot_be_met_are_one_clear_line(tiny: Make) -> None:
    task = read_task(tiny(toml=f'{ONE}requirements = ["--no-index", "no-such-package==1.0"]\n', task=REPORTS))
    with pytest.raises(TaskError, match=r"task\.toml: pip cannot install the requirements: ERROR.*no-such-package"):
        python_of(task)


def test_a_list_of_requirements_that_is_not_there_is_named(tiny: Make) -> None:
    with pytest.raises(TaskError, match=r"requirements: absent\.txt cannot be read"):
        python_of(read_task(tiny(toml=f'{ONE}requirements = "absent.txt"\n')))


def test_a_task_that_names_nothing_has_no_python_of_its_own(tiny: Make) -> None:
    assert python_of(read_task(tiny())) is None


@pytest.fixture
def another(tmp_path: Path) -> Path:
    """Returns an environment beside ryumon's, which holds a package, a ryumon with answers, and no numpy."""
    place = tmp_path / "another"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    packages = next((place / "lib").glob("python*/site-packages"))
    (packages / "heavy.py").write_text("WEIGHT = 7\n")
    (packages / "ryumon" / "tasks").mkdir(parents=True)
    (packages / "ryumon" / "tasks" / "answers").write_text("held out")
    return place


@pytest.mark.usefixtures("confined")
def test_a_python_that_is_named_runs_candidates_with_its_own_packages(tiny: Make, another: Path) -> None:
    answers = next(another.rglob("answers"))
    seed = f"""
import heavy, numpy

def fit():
    import sys
    try:
        answers = open({str(answers)!r}).read()
    except OSError:
        answers = None
    try:
        import rich
    except ImportError:
        return [heavy.WEIGHT, answers, int(numpy.arange(3).sum())]
"""
    folder = tiny(toml=f'{ONE}python = "{another}/bin/python"\n', task=REPORTS, seed=seed)
    assert reported(folder) == "[7, None, 3]"


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        (None, "there is no such program"),
        ("echo nonsense", "does not run as a Python"),
        ("echo broken >&2; exit 1", "does not run as a Python: broken"),
        (
            """echo '{"kind": "cpython", "version": [3, 9, 1], "abi": "", "binary": "", "prefixes": [], """
            """"packages": [], "lacks": []}'""",
            "is cpython 3.9.1; candidates need CPython 3.11 or newer",
        ),
    ],
)
def test_an_unfit_python_is_one_clear_line(tiny: Make, tmp_path: Path, script: str | None, complaint: str) -> None:
    program = tmp_path / "program"
    if script is not None:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    with pytest.raises(TaskError) as caught:
        python_of(read_task(tiny(toml=f'{ONE}python = "{program}"\n')))
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_key_reaches_what_makes_an_environment(tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "secret")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\nenv > {tmp_path}/seen\nexec {os.path.realpath(sys.executable)} "$@"\n')
    program.chmod(0o755)
    python_of(read_task(tiny(toml=f'{ONE}python = "{program}"\n')))
    seen = (tmp_path / "seen").read_text()
    assert "SOME_API_KEY" not in seen
    assert "PIP_NO_INDEX=1" in seen
