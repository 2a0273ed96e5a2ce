"""A bench: every arm at every seed, as ordinary runs of one store, on one draw of the test cases.

Seeds are in the outer loop, so that an interrupted bench has its arms at the same seeds, but for one. Its state is the
store: each run has a name that says which it is, a finished one is left alone, a stopped one taken up.
"""

import re
import secrets
from collections.abc import Sequence

import msgspec

from ryumon import supervisor
from ryumon.archive.history import History
from ryumon.archive.summary import Summary, summarised
from ryumon.errors import BadInput
from ryumon.improvers.options import assigned
from ryumon.sandbox import Tier
from ryumon.store.base import Store
from ryumon.store.records import Started
from ryumon.task import read_task

MOST_SEEDS = 10_000


class Cell(msgspec.Struct, frozen=True):
    """One run of a bench: its arm, its name in the store, and what is asked of it."""

    arm: str
    name: str
    settings: supervisor.Settings


def seeds_of(text: str) -> list[int]:
    """Returns the seeds that `0-7` or `0,3,5-6` means; raises `BadInput` where it means none."""
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,18})(?:-(\d{1,18}))?", part.strip())
        if match is None or int(match[2] or match[1]) - int(match[1]) not in range(MOST_SEEDS):
            raise BadInput(f"seeds {text!r}: {part.strip()!r} is not understood; write them as in 0-7 or 0,3,5")
        found += range(int(match[1]), int(match[2] or match[1]) + 1)
    if len(set(found)) < len(found):
        raise BadInput(f"seeds {text!r}: one is named twice; name each once")
    return found


def arm_of(text: str) -> tuple[str, dict[str, str]]:
    """Returns the improver and its options that `mutate` or `mutate:parents=dgm:islands=1` means; raises `BadInput`."""
    improver, *settings = text.split(":")
    return improver.strip(), assigned(settings)


def run_name(prefix: str, arm: str, seed: int) -> str:
    """Returns the name of an arm's run at one seed."""
    return f"{prefix}-{re.sub('[^A-Za-z0-9.]+', '-', arm).strip('-')}-{seed}"


def arranged(task: str, arms: Sequence[str], seeds: Sequence[int], settings: supervisor.Settings) -> list[Cell]:
    """Returns the runs of a bench in order, everything but arm and seed as in `settings`; raises `BadInput`.

    `settings.name` is the beginning of every run's name; by default it says the task and the budget.
    """
    if len(set(arms)) < max(2, len(arms)):
        raise BadInput(f"arms {','.join(arms)}: name two or more, each once, as in --arms mutate,random,best-of-n")
    folder, budget, _ = supervisor.checked(task, settings)
    prefix = settings.name or f"{folder.spec.name}-{re.sub('[^a-z0-9.]+', '-', str(budget))}"
    asked = msgspec.structs.replace(settings, budget=str(budget))
    cells = []
    for seed in seeds:
        for arm in arms:
            name, (improver, options) = run_name(prefix, arm, seed), arm_of(arm)
            changed = {"improver": improver, "options": options, "seed": seed, "name": name}
            cells.append(Cell(arm, name, msgspec.structs.replace(asked, **changed)))
            supervisor.checked(task, cells[-1].settings)
    return cells


def settled(store: Store, task: str, cells: Sequence[Cell]) -> list[Cell]:
    """Returns the runs with their one test seed: that asked for, that of the runs already there, or one drawn now.

    Raises `BadInput` where a run of such a name is there and is another than the bench's.
    """
    taken = set(store.runs())
    known = {cell.name: _started(store, cell.name) for cell in cells if cell.name in taken}
    drawn = next((run.test_seed for run in known.values() if run.test_seed is not None), None)
    common = secrets.randbits(63) if drawn is None else drawn
    digest = supervisor.task_digest(read_task(supervisor.find_task(task)))
    found = []
    for cell in cells:
        asked = common if cell.settings.test_seed is None else cell.settings.test_seed
        found.append(Cell(cell.arm, cell.name, msgspec.structs.replace(cell.settings, test_seed=asked)))
        if cell.name in known:
            _check_same(known[cell.name], found[-1], digest)
    return found


def _started(store: Store, name: str) -> Started:
    run = History(name).follow(store.events(name, count=1)).started
    if run is None:
        raise BadInput(f"run {name} holds no event yet; another process may be at it")
    return run


def _check_same(run: Started, cell: Cell, digest: str) -> None:
    asked = cell.settings
    for what, there, wanted in (
        ("task", run.task_digest[:12], digest[:12]),
        ("improver", run.improver, asked.improver),
        ("set of options", run.options, asked.options),
        ("seed", run.seed, asked.seed),
        ("budget", run.budget, asked.budget),
        ("lookahead", run.lookahead, asked.lookahead),
        ("test seed", run.test_seed, asked.test_seed),
    ):
        if there != wanted:
            raise BadInput(
                f"run {cell.name} is there with another {what}: {there}, not {wanted}; "
                "use another --name or --store for this bench"
            )


async def finished(store: Store, task: str, cell: Cell, tier: Tier, notify: supervisor.Notify) -> Summary:
    """Returns the outcome of one run of a bench, which is read, taken up or started; without a verdict if stopped."""
    if cell.name not in store.runs():
        return await supervisor.start(store, task, cell.settings, tier, notify)
    history = History(cell.name).follow(store.events(cell.name))
    if history.finished is not None:
        return summarised(history)
    return await supervisor.resume(store, cell.name, tier, notify, workers=cell.settings.workers)
