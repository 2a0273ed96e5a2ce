"""What counts as better: the task contract, its `task.toml`, and the handle by which it reaches a candidate.

A task's folder holds `task.toml`, `brief.md`, `seed/`, `task.py` and, where it drives candidates in the sandbox,
`drivers.py`. This module reads all of that but `task.py`, which only an evaluator worker imports.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from ryumon.budget import parse_budget
from ryumon.errors import BadInput, TaskError
from ryumon.program import Program, read_program
from ryumon.score import Direction, Result

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
_DATA_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}"
MOST_REPEATS = 1000


def derived_seed(seed: int, purpose: str) -> int:
    """Returns the seed that a run uses for a purpose beside its train cases: `validation`, or `improver`."""
    return int.from_bytes(hashlib.sha256(f"{seed} {purpose}".encode()).digest()[:7], "big")


def repeat_seed(seed: int, repeat: int) -> int:
    """Returns the seed of a noisy split's cases on a repeat; the first has the split's own. All programs share it."""
    return derived_seed(seed, f"repeat {repeat}") if repeat else seed


class Case(msgspec.Struct, frozen=True):
    """One input. `data` is whatever the task's own evaluator needs; it stays in the worker."""

    id: str
    data: Any = None


class Session(Protocol):
    """One sandboxed child that answers calls in order; the next input waits for the last answer."""

    def call(self, target: str, *args: Any) -> Any:
        """Returns the claim of `file.py:function` called with copies of `args`."""

    def function(self, target: str) -> Callable[..., Any]:
        """Returns `file.py:function` as something to call."""


class Candidate(Protocol):
    """The program under evaluation, as its evaluator sees it. Every call crosses into the sandbox.

    Arguments and claims are plain data (None, bool, int, float, str, bytes, list, dict) and numpy arrays, all copied.
    A candidate that fails ends its evaluation; an evaluator has nothing to catch.
    """

    def call(self, target: str, *args: Any) -> Any:
        """Returns the claim of `file.py:function`, run in this case's child."""

    def session(self) -> AbstractContextManager[Session]:
        """Opens a fresh child for many calls, in order."""

    def drive(self, driver: str, target: str, *args: Any) -> Any:
        """Returns what `drivers.py:function(candidate_function, *args)` returns, run beside the candidate.

        On the strict path the same driver runs in the worker, and each of its calls crosses into the sandbox.
        """

    def run(self, stdin: str | bytes = "", *, command: Sequence[str] = ()) -> Any:
        """Returns what the program, run as a process, writes to its standard output: text for text, bytes for bytes.

        `command` is its words, as in `["./main", "--fast"]`; the default is `run` of `task.toml`. An exit code other
        than 0 is a failure; what it writes to its standard error is its log. Runs of a case share a work folder.
        """


class Task:
    """Base of every task. An instance lives in one evaluator worker; `spec` and `folder` are set before first use."""

    spec: "TaskSpec"
    folder: Path

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns the cases of a split, always the same for the same arguments."""
        raise NotImplementedError(f"{type(self).__name__} has no cases(self, split, seed)")

    def probe(self, seed: int) -> Sequence[Case]:
        """Returns cheap cases by which behaviour is told before the full price is paid: by default the first of the
        train cases, as many as task.toml's `probe` says.

        `evaluate` is called on them as on any other, beside the first train cases, and their scores are ignored: a
        program that claims here exactly what an earlier one claimed is an `echo` of that one, and is not counted.
        """
        return self.cases("train", seed)[: self.spec.probe] if self.spec.probe else ()

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the score of `program` on `case`, computed here from what the candidate claims."""
        raise NotImplementedError(f"{type(self).__name__} has no evaluate(self, program, case)")


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one sandboxed child may use. CPU time decides; wall clock only ends sleepers."""

    cpu_s: float = 5.0
    wall_s: float | None = None
    memory_mb: int = 1024
    disk_mb: int = 64
    processes: int = 1
    claim_kb: int = 1024
    log_kb: int = 64

    @property
    def wall(self) -> float:
        """Wall-clock limit in seconds: ten times the CPU limit unless stated."""
        return self.wall_s if self.wall_s is not None else 10 * self.cpu_s

    def scaled(self, factor: float) -> "Limits":
        """Returns the same limits with CPU and wall time multiplied."""
        return msgspec.structs.replace(self, cpu_s=self.cpu_s * factor, wall_s=self.wall * factor)


class BuildLimits(Limits, frozen=True, forbid_unknown_fields=True):
    """What a build may use; `claim_kb` bounds all that it leaves."""

    cpu_s: float = 30.0
    memory_mb: int = 4096
    disk_mb: int = 256
    processes: int = 64
    claim_kb: int = 16384


class Build(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a program is compiled: a command that runs in the sandbox, in a folder that holds the program."""

    command: tuple[str, ...]
    limits: BuildLimits = BuildLimits()


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A slice of the train cases. `keep`: the share of recent programs whose score so far earns this stage."""

    cases: int
    keep: float = 1.0


class Noise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says that the same program may score otherwise on the same case, or on a case drawn from another seed.

    `repeats`: how often what decides is measured, each time on cases drawn from another seed. `alone`: nothing else is
    measured on the machine meanwhile, for a score that is a time.
    """

    repeats: int = 8
    alone: bool = False


class TaskSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A task's `task.toml`."""

    name: str
    direction: Direction
    summary: str = ""
    unit: str = ""
    language: str = "python"
    editable: tuple[str, ...]
    vocabulary: str = "arithmetic"
    splits: Literal["three", "one"] = "three"
    probe: int = 0
    stages: tuple[Stage, ...] = ()
    limits: Limits = Limits()
    noise: Noise | None = None
    reuse: bool = False
    run: tuple[str, ...] = ()
    build: Build | None = None
    preload: tuple[str, ...] = ("numpy",)
    requirements: str | tuple[str, ...] = ()
    python: str | None = None
    data: dict[str, str] = {}
    budget: str = "1000ev"
    worst_score: float | None = None
    evaluator_s: float = 30.0
    paths: dict[str, str] = {}
    reference: dict[str, float] = {}
    unseparated: bool = False


class TaskFolder(msgspec.Struct, frozen=True):
    """A task read from disk, its trusted code aside."""

    path: Path
    spec: TaskSpec
    brief: str
    seed: Program
    drivers: str | None


def read_task(path: Path) -> TaskFolder:
    """Returns the task in folder `path`; raises `TaskError` with the file and the line of thought that mends it."""
    for name in ("task.toml", "task.py", "seed"):
        if not (path / name).exists():
            raise TaskError(f"{path}: has no {name}; `ryumon new PATH` makes a task to start from")
    try:
        spec = msgspec.convert(tomllib.loads((path / "task.toml").read_text("utf-8")), TaskSpec)
    except msgspec.ValidationError as error:
        from ryumon.suggestions import suggestion  # loads what only an error needs

        raise TaskError(f"{path / 'task.toml'}: {error}{suggestion(error, TaskSpec)}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TaskError(f"{path / 'task.toml'}: {error}") from error
    seed = read_program(path / "seed")
    missing = [name for name in spec.editable if name not in seed.files]
    if missing or not spec.editable:
        raise TaskError(
            f"{path / 'task.toml'}: editable names {missing or 'no file'}, but seed/ holds {list(seed.files)}"
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}", spec.name):
        raise TaskError(f"{path / 'task.toml'}: name {spec.name!r}: use letters, digits, '.', '_' and '-'")
    try:
        parse_budget(spec.budget)
    except BadInput as error:
        raise TaskError(f"{path / 'task.toml'}: {error}") from error
    _check_numbers(path / "task.toml", spec)
    _check_processes(path / "task.toml", spec)
    spec = _placed(path, spec)
    brief = path / "brief.md"
    drivers = path / "drivers.py"
    return TaskFolder(
        path=path,
        spec=spec,
        brief=brief.read_text("utf-8") if brief.exists() else "",
        seed=seed,
        drivers=drivers.read_text("utf-8") if drivers.exists() else None,
    )


def _placed(folder: Path, spec: TaskSpec) -> TaskSpec:
    """Returns the spec with `paths` and `data` made absolute; raises `TaskError` where one is absent, or where
    candidates would see through `data` what they must not."""
    where = folder / "task.toml"
    paths = {name: (folder / place).resolve() for name, place in spec.paths.items()}
    data = {name: (folder / place).resolve() for name, place in spec.data.items()}
    for field, places in (("paths", paths), ("data", data)):
        absent = [place for place in places.values() if not place.exists()]
        if absent:
            raise TaskError(f"{where}: {field} names {absent[0]}, which is not there")
    for name, place in data.items():
        if not re.fullmatch(_DATA_NAME, name):
            raise TaskError(f"{where}: data.{name}: use letters, digits, '.', '_' and '-' in the name")
        for kept in (folder.resolve() / "task.py", *paths.values()):
            if kept.is_relative_to(place) or place.is_relative_to(kept):
                raise TaskError(
                    f"{where}: data.{name} is {place}, by which candidates would see {kept}; "
                    "keep what they may see in a folder of its own"
                )
    text = {"paths": {k: str(v) for k, v in paths.items()}, "data": {k: str(v) for k, v in data.items()}}
    return msgspec.structs.replace(spec, **text)


def _check_processes(where: Path, spec: TaskSpec) -> None:
    if spec.build is not None and not spec.build.command:
        raise TaskError(f'{where}: build.command is empty; write it as words, as in ["gcc", "main.c", "-o", "main"]')
    starters = [("run", "limits", spec.limits)] if spec.run else []
    starters += [("build", "build.limits", spec.build.limits)] if spec.build is not None else []
    for what, name, limits in starters:
        if limits.processes < 2:
            raise TaskError(
                f"{where}: {what} starts a process beside the sandbox's own, and {name}.processes is "
                f"{limits.processes}; allow 2 or more (threads count)"
            )


def _check_numbers(where: Path, spec: TaskSpec) -> None:
    given = [("", spec.limits), *([("build.", spec.build.limits)] if spec.build is not None else [])]
    for prefix, limits in given:
        for name in ("cpu_s", "memory_mb", "disk_mb", "processes", "claim_kb", "log_kb"):
            if not getattr(limits, name) > 0:
                raise TaskError(f"{where}: {prefix}limits.{name} is {getattr(limits, name)}; it must be above 0")
    if spec.noise is not None and not 2 <= spec.noise.repeats <= MOST_REPEATS:
        raise TaskError(f"{where}: noise.repeats is {spec.noise.repeats}; it must be from 2 to {MOST_REPEATS}")
    if spec.probe < 0:
        raise TaskError(f"{where}: probe is {spec.probe}; it must be a number of train cases, or 0")
    if any(stage.cases < 1 or not 0 < stage.keep <= 1 for stage in spec.stages):
        raise TaskError(f"{where}: a stage needs cases of at least 1 and keep above 0, at most 1")
