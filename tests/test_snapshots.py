"""A run that resumes from a snapshot of its improver goes on as one never stopped, and as one told everything."""

import asyncio
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import msgspec
import pytest

from ryumon import supervisor
from ryumon.archive.history import History
from ryumon.archive.journal import Journal, stored_evaluations
from ryumon.engines.messages import Answer, Describe, Described, Evaluated, Request, Seen
from ryumon.errors import StoreError
from ryumon.evaluation.evaluator import Measured
from ryumon.improvers import lasting
from ryumon.improvers.base import Brief
from ryumon.improvers.client import ImproverClient
from ryumon.improvers.host import Forms, Host
from ryumon.improvers.messages import Proposed
from ryumon.improvers.mutate import Mutate
from ryumon.program import Program
from ryumon.run import Run
from ryumon.score import CaseResult, Evaluation, Outline
from ryumon.store import SqlStore
from ryumon.store.chain import verified
from ryumon.store.records import Resumed
from ryumon.task import TaskFolder, read_task
from tests.test_run_order import started

Make = Callable[..., Path]
EVERY, LOOKAHEAD, BUDGET = 7, 3, 60


class Here(ImproverClient):
    """`Mutate` in this process, behind the same questions as in one of its own."""

    def __init__(self, task: TaskFolder) -> None:
        self._brief = Brief(
            task="tiny", direction="minimize", text="", language="python", editable=("fit.py",),
            vocabulary="arithmetic", seed=task.seed,
        )  # fmt: skip
        self.tells, self.restored = 0, 0
        self._fresh()

    def _fresh(self) -> None:
        self._forms = Forms("python")
        self._mutate = Mutate(self._brief, self._forms, islands=2, capacity=5, interval=9)
        self._host = Host(self._mutate, self._forms, self._brief, 0)
        self.seed_form = self._forms.form(self._brief.seed)
        self._forms.add(self.seed_form)

    async def restart(self) -> None:
        """Makes an improver that was told nothing."""
        self._fresh()

    async def know(self, forms: tuple[bytes, ...]) -> None:
        """Hands forms over."""
        for form in forms:
            self._forms.add(form)

    async def tell(self, evaluation: Evaluation) -> None:
        """Tells, and counts it."""
        self.tells += 1
        self._mutate.tell(evaluation)

    async def ask(self, index: int) -> Proposed:
        """Asks."""
        return self._host.ask(index)

    async def export(self) -> bytes | None:
        """Exports."""
        return msgspec.msgpack.encode(self._mutate.export())

    async def restore(
        self, state: bytes, past: Iterator[tuple[Outline, ...]], program: Callable[[str], Program]
    ) -> bool:
        """Takes a state up, or says that it cannot."""

        class Past:
            def outlines(self) -> Iterator[Outline]:
                return (outline for part in past for outline in part)

            def programs(self, ids: Collection[str]) -> dict[str, Program]:
                return {id: program(id) for id in ids}

        try:
            self._mutate.restore(msgspec.msgpack.decode(state), Past())
        except msgspec.ValidationError:
            return False
        self.restored += 1
        return True

    def close(self) -> float:
        """Holds no process."""
        return 0.0


class Chance:
    """An engine whose answers a program's hash decides: scores, twins, failures, and cheats on the strict path."""

    def candidates_cpu_s(self) -> float:
        """Uses none."""
        return 0.0

    async def ask(self, request: Request, *, alone: bool = False, seen: Seen | None = None) -> Answer:
        """Answers as a worker would."""
        await asyncio.sleep(0)
        if isinstance(request, Describe):
            return Described(request.id, ("a", "b", "c"))
        drawn = zlib.crc32(request.files["fit.py"].encode())
        if drawn % 9 == 0:
            return Evaluated(id=request.id, status="error")
        kind = drawn % 40
        behaviour = b"strict" if request.strict and drawn % 3 == 0 else b"%d" % kind
        results = tuple(CaseResult(f"case-{place}", float(kind)) for place in request.cases)
        return Evaluated(
            id=request.id, status="ok", results=results, behaviours=(behaviour,) * len(results), driven=True
        )

    def close(self) -> float:
        """Holds no process."""
        return 0.0


def session(store: SqlStore, task: TaskFolder, stop: int | None, *, new: bool) -> Here:
    """Runs to the verdict, or until `stop` proposals are committed; returns the improver that it had."""
    improver = Here(task)
    with store.writer("r", new=new) as writer:
        history = History("r").follow(verified("r", store.events("r")))

        def notify(now: History) -> None:
            if now.committed == stop:
                run.stop("stop")

        run = Run(
            journal=Journal(store, writer, history, notify), started=started(f"{BUDGET}ev", LOOKAHEAD), task=task,
            engine=Chance(), improver=improver,
        )  # fmt: skip

        async def inside() -> None:
            if new:
                seed = Measured(
                    status="ok", results=(CaseResult("a", 90.0),), behaviours=(b"90",), driven=True, asked=1
                )
                run.begin(seed, {})
            else:
                run.take_up(Resumed(f"{BUDGET}ev", "A"))
            await run.go()

        asyncio.run(inside())
    return improver


def archive(store: SqlStore) -> list[object]:
    """Returns what identifies each commit of the run."""
    return [(e.index, e.id, e.parents, e.status, e.score, e.barred, e.form) for e in stored_evaluations(store, "r")]


@pytest.fixture
def undisturbed(tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[TaskFolder, list[object]]:
    """Returns the task, and the archive of a run that was never stopped and took no snapshot."""
    monkeypatch.setattr(lasting, "SNAPSHOT_EVERY", 10_000)
    task, store = read_task(tiny()), SqlStore(tmp_path / "undisturbed")
    session(store, task, None, new=True)
    found = archive(store)
    assert any(e.barred for e in stored_evaluations(store, "r"))
    assert any(e.status == "twin" for e in stored_evaluations(store, "r"))
    monkeypatch.setattr(lasting, "SNAPSHOT_EVERY", EVERY)
    monkeypatch.setattr(lasting, "BYTES_A_TELL", 10_000)
    return task, found


def test_wherever_a_run_is_stopped_it_goes_on_as_if_it_had_not_been(
    undisturbed: tuple[TaskFolder, list[object]], tmp_path: Path
) -> None:
    """Also within the lookahead of a snapshot, which then knows too much and is passed over for the one before."""
    task, expected = undisturbed
    within = 0
    for stop in range(1, 41, 3):
        store = SqlStore(tmp_path / f"stopped-{stop}")
        session(store, task, stop, new=True)
        history = History("r").follow(store.events("r"))
        told = [place.told for place in history.snapshots]
        usable = max((told for told in told if told <= history.committed - LOOKAHEAD), default=None)
        within += told != [] and told[-1] != usable
        improver = session(store, task, None, new=False)
        assert archive(store) == expected
        assert improver.restored == (usable is not None)
        if usable is not None:
            assert improver.tells == len(expected) - 2 - LOOKAHEAD - usable
    assert within


def test_a_run_stopped_again_and_again_is_the_same(
    undisturbed: tuple[TaskFolder, list[object]], store: SqlStore
) -> None:
    task, expected = undisturbed
    for stop in range(5, 65, 6):
        session(store, task, stop, new=stop == 5)
    session(store, task, None, new=False)
    assert archive(store) == expected


@pytest.mark.parametrize("what", ["another version", "a state that does not fit", "no snapshot"])
def test_without_a_snapshot_that_serves_everything_is_told_again(
    undisturbed: tuple[TaskFolder, list[object]], store: SqlStore, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    task, expected = undisturbed
    if what == "another version":
        monkeypatch.setattr(lasting, "__version__", "0.0.0")
    elif what == "no snapshot":
        monkeypatch.setattr(lasting, "SNAPSHOT_EVERY", 10_000)
    else:
        monkeypatch.setattr(Here, "export", lambda self: asyncio.sleep(0, b"\x91\x01"))
    session(store, task, 30, new=True)
    monkeypatch.undo()
    improver = session(store, task, None, new=False)
    assert archive(store) == expected
    assert improver.restored == 0


def test_a_real_improver_takes_up_its_snapshot_and_an_altered_one_is_refused(
    tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lasting, "SNAPSHOT_EVERY", EVERY)
    taken = []
    restore = ImproverClient.restore

    async def watched(self: ImproverClient, *arguments: object) -> bool:
        taken.append(await restore(self, *arguments))  # type: ignore[arg-type]
        return taken[-1]

    monkeypatch.setattr(ImproverClient, "restore", watched)
    folder = str(tiny())
    settings = supervisor.Settings(workers=1, test_seed=7, name="r", budget="14ev", lookahead=2)
    stores = [SqlStore(tmp_path / name) for name in ("stopped", "undisturbed")]
    for store in stores:
        asyncio.run(supervisor.start(store, folder, settings, "A", lambda history: None))
    asyncio.run(supervisor.resume(stores[0], "r", "A", lambda history: None, extra="+6ev"))
    assert taken == [True]
    monkeypatch.setattr(lasting, "__version__", "0.0.0")
    asyncio.run(supervisor.resume(stores[1], "r", "A", lambda history: None, extra="+6ev"))
    assert taken == [True]
    assert archive(stores[0]) == archive(stores[1])
    with sqlite3.connect(tmp_path / "stopped" / "store.db") as database:
        ((body,),) = database.execute("SELECT body FROM events WHERE kind = 'snapshot' ORDER BY seq LIMIT 1").fetchall()
        altered = body[:-1] + bytes([body[-1] ^ 1])
        database.execute("UPDATE events SET body = ? WHERE body = ?", (altered, body))
    with pytest.raises(StoreError, match="snapshot"):
        asyncio.run(supervisor.resume(stores[0], "r", "A", lambda history: None, extra="+6ev"))
