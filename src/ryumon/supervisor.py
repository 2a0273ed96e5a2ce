"""Starts and resumes runs: checks what was asked for, starts a run's processes, and ends them all on every way out."""

import asyncio
import hashlib
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import cast, get_args

import msgspec

from ryumon import __version__, registry
from ryumon.archive.history import History
from ryumon.archive.journal import Journal
from ryumon.archive.summary import Summary, summarised
from ryumon.budget import Budget, Cost, Ledger, parse_budget
from ryumon.engines.base import Engine
from ryumon.errors import BadInput, RyumonError, SandboxError
from ryumon.evaluation.evaluator import Evaluator
from ryumon.improvers.base import Brief
from ryumon.improvers.client import ImproverClient
from ryumon.improvers.messages import Open
from ryumon.redaction import Redactor, held_key
from ryumon.run import Run
from ryumon.sandbox import Tier, at_least, preflight, tried
from ryumon.store.base import Store
from ryumon.store.chain import verified
from ryumon.store.records import Resumed, Started
from ryumon.store.sql import check_name
from ryumon.task import TaskFolder, derived_seed, read_task
from ryumon.tasks.suite import every_family

STOP_POLL_S = 0.1
Notify = Callable[[History], None]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a new run is asked to be. None takes the task's, or the machine's, default."""

    improver: str = "mutate"
    options: dict[str, str] = {}
    budget: str | None = None
    seed: int = 0
    workers: int | None = None
    lookahead: int = 8
    test_seed: int | None = None
    name: str | None = None
    engine: str = "local"


def find_task(name: str) -> Path:
    """Returns the folder of a task: a folder's path, or the name of a registered task or of a family of the suite."""
    if (Path(name) / "task.toml").exists():
        return Path(name).resolve()
    if name in registry.names("tasks"):
        return Path(registry.load("tasks", name).__path__[0]).resolve()
    for family in every_family():
        if family.name == name:
            return family.folder
    known = ", ".join(registry.names("tasks"))
    raise BadInput(
        f"unknown task {name!r}; name a folder that holds a task.toml, one of: {known}, or a family of the suite "
        "(ryumon tasks --suite)"
    )


def task_digest(task: TaskFolder) -> str:
    """Returns a digest of what a run's figures belong to: the task's folder, caches and hidden files aside, and every
    file that its `paths` and `data` name."""
    digest = hashlib.sha256()
    for root in (task.path, *map(Path, task.spec.paths.values()), *map(Path, task.spec.data.values())):
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            name = path.relative_to(root)
            if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in name.parts):
                with path.open("rb") as file:
                    content = hashlib.file_digest(file, "sha256").digest()
                digest.update(len(name.as_posix()).to_bytes(8, "big") + name.as_posix().encode() + content)
    return digest.hexdigest()


def checked(task_name: str, settings: Settings) -> tuple[TaskFolder, Budget, int]:
    """Returns the task, the budget and the workers that `settings` mean; raises before anything is started."""
    task = read_task(find_task(task_name))
    key = held_key(task.seed.files, Redactor())
    if key is not None:
        raise BadInput(f"{task.path / 'seed'}: {key}")
    workers = _lanes(settings.workers)
    if workers > settings.lookahead:
        raise BadInput(f"{workers} workers need a lookahead of at least {workers}; add --lookahead {workers}")
    for kind, name in (("engines", settings.engine), ("improvers", settings.improver)):
        if name not in registry.names(kind):
            registry.load(kind, name)
    if settings.name is not None:
        check_name(settings.name)
    for option, number in (("--seed", settings.seed), ("--test-seed", settings.test_seed)):
        if number is not None and not 0 <= number < 2**63:
            raise BadInput(f"{option} {number}: use a whole number from 0 to {2**63 - 1}")
    budget = parse_budget(settings.budget or task.spec.budget)
    if budget.evaluations is None and budget.wall_s is None and budget.cpu_s is None:
        raise BadInput(
            f"budget {budget}: {settings.improver} spends none of that, so it would never end; add ev or time"
        )
    return task, budget, workers


def admitted_tier(*, least: str | None = None, unsafe: bool = False, backend: str | None = None) -> Tier:
    """Returns the sandbox tier to run at; raises `SandboxError` where it is below `least`, or none works."""
    if least is not None and least not in get_args(Tier):
        raise BadInput(f"unknown sandbox tier {least!r}; there is {', '.join(get_args(Tier))}")
    tier = _chosen_tier(unsafe, backend)
    if least is not None and not at_least(tier, cast(Tier, least)):
        raise SandboxError(
            f"sandbox tier {tier} is below the tier {least} asked for; `ryumon doctor` says how to reach it"
        )
    return tier


def _chosen_tier(unsafe: bool, backend: str | None) -> Tier:
    if backend not in (None, "container"):
        raise BadInput(f"unknown sandbox {backend!r}; there is container")
    if unsafe and backend is not None:
        raise BadInput("--unsafe-no-sandbox and --sandbox exclude each other")
    if unsafe:
        return "C"
    if backend is not None:
        if reasons := tried("V"):
            raise SandboxError(f"no container can be started here: {'; '.join(reasons)}")
        return "V"
    found = preflight()
    if found.tier == "C":
        raise SandboxError(
            f"no sandbox works here: {'; '.join(f'tier {miss.tier}: {miss.reasons[0]}' for miss in found.missed)}. "
            "`ryumon doctor` says how to mend it; --unsafe-no-sandbox runs candidates with limits only"
        )
    return found.tier


def described(task: TaskFolder, settings: Settings, budget: str, tier: Tier, files: dict[str, str]) -> Started:
    """Returns what a run's first event says of it; `files` are those of the seed, by their ids in the store."""
    return Started(
        version=__version__,
        task=task.spec.name,
        folder=str(task.path),
        task_digest=task_digest(task),
        direction=task.spec.direction,
        unit=task.spec.unit,
        exact=task.spec.splits == "one" and task.spec.noise is None,
        improver=settings.improver,
        options=settings.options,
        seed=settings.seed,
        lookahead=settings.lookahead,
        budget=budget,
        tier=tier,
        test_seed=settings.test_seed,
        files=files,
        unseparated=task.spec.unseparated,
        repeats=task.spec.noise.repeats if task.spec.noise is not None else 1,
    )


async def start(
    store: Store,
    task_name: str,
    settings: Settings,
    tier: Tier,
    notify: Notify,
    *,
    engine: Engine | None = None,
    improver: ImproverClient | None = None,
) -> Summary:
    """Starts a run and sees it to its end; nothing is stored unless the seed scores.

    An engine or an improver that is handed in takes the place of those that `settings` names, and is closed.
    """
    task, budget, workers = checked(task_name, settings)
    _check_apart(store, task)
    name = settings.name or _free_name(store, task.spec.name)
    with store.writer(name, new=True) as writer:
        started = described(task, settings, str(budget), tier, writer.program(task.seed))
        lanes = engine or registry.load("engines", settings.engine)(task, tier, workers)
        async with _processes(lanes, started, task, improver) as proposing:
            measured, outcomes = await Evaluator(lanes, task, started.seed).seed()
            journal = Journal(store, writer, History(name), notify)
            run = Run(journal=journal, started=started, task=task, engine=lanes, improver=proposing)
            return await _watched(store, name, run, lambda: run.begin(measured, outcomes))


async def resume(
    store: Store, name: str, tier: Tier, notify: Notify, *, extra: str | None = None, workers: int | None = None
) -> Summary:
    """Takes a run up where it stopped; `extra` adds to its budget, and a finished run goes on with a new test draw."""
    with store.writer(name, new=False) as writer:
        history = History(name).follow(verified(name, store.events(name)))
        started = history.started
        if started is None or history.seed is None:
            raise BadInput(f"run {name} ended before its seed was scored; start it afresh with `ryumon run`")
        task = read_task(Path(started.folder))
        if task_digest(task) != started.task_digest:
            raise BadInput(f"run {name}: the task in {task.path} has changed since; put it back, or start a new run")
        if history.finished is not None and extra is None:
            return summarised(history)
        if history.tier != tier:
            raise BadInput(f"run {name} was evaluated at tier {history.tier}, this is tier {tier}; start a new run")
        budget = history.budget
        if extra is not None:
            budget = budget.extended(parse_budget(extra.removeprefix("+")), _spent(history))
        reached = Ledger(budget, _spent(history)).exhausted()
        if extra is not None and reached is not None:
            used = getattr(_spent(history), reached)
            raise BadInput(
                f"run {name} has spent {used:.6g} of {reached} and {budget} would be its budget; add more to that"
            )
        engine = registry.load("engines", "local")(task, tier, min(_lanes(workers), started.lookahead))
        async with _processes(engine, started, task) as improver:
            journal = Journal(store, writer, history, notify)
            run = Run(journal=journal, started=started, task=task, engine=engine, improver=improver)
            return await _watched(store, name, run, lambda: run.take_up(Resumed(str(budget), tier)))


def _check_apart(store: Store, task: TaskFolder) -> None:
    """Raises `BadInput` where the task, or candidates by way of its data, could read the store."""
    above = {store.place.resolve(), *store.place.resolve().parents}
    if task.path in above:
        raise BadInput(
            f"the store {store.place} lies in the task's own folder, where its code could read it; use --store"
        )
    for name, place in task.spec.data.items():
        if Path(place) in above:
            raise BadInput(f"the store {store.place} lies in data.{name}, where candidates could read it; use --store")


def _spent(history: History) -> Cost:
    return history.spent + Cost(wall_s=history.elapsed)


def opening(task: TaskFolder, improver: str, options: dict[str, str], seed: int) -> Open:
    """Returns what the improver of a run of that seed is opened with."""
    brief = Brief(
        task=task.spec.name,
        direction=task.spec.direction,
        text=task.brief,
        language=task.spec.language,
        editable=task.spec.editable,
        vocabulary=task.spec.vocabulary,
        seed=task.seed,
    )
    return Open(improver, options, brief, derived_seed(seed, "improver"))


@asynccontextmanager
async def _processes(
    engine: Engine, started: Started, task: TaskFolder, improver: ImproverClient | None = None
) -> AsyncIterator[ImproverClient]:
    """Starts a run's improver unless there is one, and ends it and every lane on the way out."""
    try:
        if improver is None:
            held = [task.path, *map(Path, task.spec.paths.values())]
            asked = opening(task, started.improver, started.options, started.seed)
            improver = await ImproverClient.start(asked, cast(Tier, started.tier), held)
        yield improver
    except BaseExceptionGroup as group:
        raise _first(group) from group
    finally:
        if improver is not None:
            improver.close()
        engine.close()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Returns the one error to report of those that ended a run together."""
    leaves: list[BaseException] = []
    rest: list[BaseException] = [group]
    while rest:
        error = rest.pop()
        if isinstance(error, BaseExceptionGroup):
            rest.extend(error.exceptions)
        else:
            leaves.append(error)
    return next((error for error in leaves if isinstance(error, RyumonError)), leaves[0])


async def _watched(store: Store, name: str, run: Run, begin: Callable[[], None]) -> Summary:
    """Begins a run and sees it to its end, or to the first Ctrl-C, termination signal or stop file."""
    watch = asyncio.create_task(_until_stop_file(store, name, run))
    with _signals(run):
        try:
            begin()
            return summarised(await run.go())
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)


async def _until_stop_file(store: Store, name: str, run: Run) -> None:
    while not store.stop_requested(name):
        run.pulse()
        await asyncio.sleep(STOP_POLL_S)
    run.stop("stop")


@contextmanager
def _signals(run: Run) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    caught = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    for number in caught:
        loop.add_signal_handler(number, run.stop, "interrupt")
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


def _lanes(workers: int | None) -> int:
    if workers is not None and workers < 1:
        raise BadInput(f"--workers {workers}: at least 1 is needed")
    return workers or min(len(os.sched_getaffinity(0)), 8)


def _free_name(store: Store, task: str) -> str:
    taken = set(store.runs())
    return next(name for n in range(1, len(taken) + 2) if (name := f"{task}-{n}") not in taken)
