"""`improve`: a run in one line, for a notebook or a script.

The evaluator is written into a task folder of its own and loaded by a worker like any `task.py`; it never runs here.
"""

import asyncio
import dis
import hashlib
import inspect
import textwrap
import threading
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from types import CodeType
from typing import Any, get_args

import msgspec

from ryumon import supervisor
from ryumon.archive.history import History
from ryumon.archive.lineage import evaluated
from ryumon.archive.summary import Summary
from ryumon.errors import BadInput
from ryumon.program import Program, checked, write_program
from ryumon.score import Direction, Result
from ryumon.store import open_store, read_files
from ryumon.store.sql import DEFAULT
from ryumon.task import Candidate

Evaluate = Callable[[Candidate], "float | Result"]


class Improved(msgspec.Struct, frozen=True):
    """What `improve` gives: the champion and the run's summary."""

    program: Program
    summary: Summary


def improve(
    seed: str | Mapping[str, str],
    evaluate: Evaluate,
    *,
    budget: str = "200ev",
    direction: Direction = "maximize",
    vocabulary: str = "numpy-elementwise",
    improver: str = "mutate",
    run_seed: int = 0,
    workers: int | None = None,
    store: str | None = None,
    cpu_s: float = 5.0,
    unsafe_no_sandbox: bool = False,
) -> Improved:
    """Improves `seed` by what `evaluate` measures, and returns the champion with the run's summary.

    `seed` is the text of `program.py`, or files by path. `evaluate(program)` takes a `Candidate` and returns a finite
    score (or a `Result`); it must be importable or self-contained: its source is what runs. The measure is taken as
    one exact case, so a champion is `improved` where its score differs from the seed's at all. Raises `RyumonError`.
    """
    if not isinstance(budget, str) or direction not in get_args(Direction):
        raise BadInput(
            f'budget {budget!r}, direction {direction!r}: write them as in "200ev", "minimize" or "maximize"'
        )
    program = checked({"program.py": seed} if isinstance(seed, str) else dict(seed))
    place = Path(store or DEFAULT)
    folder = _task_folder(place, program, _source(evaluate), evaluate.__name__, direction, vocabulary, cpu_s)
    settings = supervisor.Settings(improver=improver, budget=budget, seed=run_seed, workers=workers)
    tier = supervisor.admitted_tier(unsafe=unsafe_no_sandbox)
    opened = open_store(str(place))
    summary = _awaited(supervisor.start(opened, str(folder), settings, tier, lambda history: None))
    assert summary.champion is not None
    history = History(summary.run).follow(opened.events(summary.run))
    record = evaluated(opened, history, summary.champion.id)
    assert record.files is not None
    return Improved(read_files(opened, record.files), summary)


def _source(evaluate: Evaluate) -> str:
    """Returns source that defines `evaluate`; raises `BadInput` where it needs what only this process holds."""
    if not inspect.isfunction(evaluate) or evaluate.__name__ == "<lambda>":
        raise BadInput("evaluate is not a function written with def; write one that imports what it needs")
    if len(inspect.signature(evaluate).parameters) != 1:
        raise BadInput("evaluate takes one argument, the candidate program")
    outside = sorted(
        set(evaluate.__code__.co_freevars) | (_globals_read(evaluate.__code__) & set(evaluate.__globals__))
    )
    module = inspect.getmodule(evaluate)
    try:
        if outside and module is not None and module.__name__ != "__main__" and not evaluate.__code__.co_freevars:
            return inspect.getsource(module)
        text = textwrap.dedent(inspect.getsource(evaluate))
    except OSError as error:
        raise BadInput("evaluate has no source to be found; put it in a file, or in a notebook's cell") from error
    if outside:
        raise BadInput(f"evaluate uses {', '.join(outside)} from outside itself; import or define them inside it")
    if text.startswith("@"):
        raise BadInput("evaluate is decorated; pass the plain function")
    return "from __future__ import annotations\n\n" + text


def _globals_read(code: CodeType) -> set[str]:
    names = {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _globals_read(constant)
    return names


def _task_folder(
    place: Path, program: Program, source: str, name: str, direction: Direction, vocabulary: str, cpu_s: float
) -> Path:
    toml = (
        f'name = "improve"\ndirection = "{direction}"\nsplits = "one"\nvocabulary = "{vocabulary}"\n'
        f"editable = {msgspec.json.encode(sorted(program.files)).decode()}\n[limits]\ncpu_s = {cpu_s}\n"
    )
    task = (
        f"{source}\n\nfrom ryumon import Case, Result, Task\n\n\nclass Improve(Task):\n"
        "    def cases(self, split, seed):\n        return [Case('measure')]\n\n"
        "    def evaluate(self, program, case):\n"
        f"        found = {name}(program)\n"
        "        return found if isinstance(found, Result) else Result(score=float(found))\n"
    )
    digest = hashlib.sha256("\0".join([program.id, toml, task]).encode()).hexdigest()[:16]
    folder = (place / "tasks" / digest).resolve()
    write_program(program, folder / "seed")
    (folder / "task.toml").write_text(toml, "utf-8")
    (folder / "task.py").write_text(task, "utf-8")
    return folder


def _awaited(work: Coroutine[Any, Any, Summary]) -> Summary:
    """Runs `work` to its end, also where a notebook already runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outcome: list[Summary | BaseException] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001  carried to the caller's thread and raised there
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
