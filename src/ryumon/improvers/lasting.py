"""An improver that outlives its process, and the run's: each fresh process is brought to where the one before it was.

It takes up the last snapshot of its state and is told what came after; or all again, where there is no snapshot that
serves. An improver's state changes in `tell` alone, so that the proposals are the same either way. Restarts for dead
processes only: an improver that raised, hung or broke the protocol would do so again.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

from ryumon import __version__
from ryumon.archive.journal import Journal, stored_evaluations
from ryumon.errors import RoleError, RoleGone
from ryumon.improvers.client import AT_ONCE, ImproverClient
from ryumon.improvers.messages import Proposed
from ryumon.program import Program
from ryumon.score import Evaluation, Outline
from ryumon.store.records import Evaluated, Snapshot
from ryumon.wire import one_line

ATTEMPTS = 3
SNAPSHOT_EVERY = 1000  # tells at least: as many as a second or so tells again
BYTES_A_TELL = 16  # of snapshots at most, whatever the size of one
LARGEST_STATE = 1 << 20
T = TypeVar("T")


class LastingImprover:
    """One run's improver. `lookahead` bounds the proposals that are not yet in the journal."""

    def __init__(self, client: ImproverClient, journal: Journal, lookahead: int) -> None:
        self._client, self._journal = client, journal
        self._told = 0
        self._due = SNAPSHOT_EVERY
        self._forms: deque[bytes] = deque(maxlen=lookahead + 2)

    @property
    def seed_form(self) -> bytes:
        """The digest of the seed's normal form."""
        return self._client.seed_form

    async def recover(self, told: int, records: Iterator[Evaluated]) -> None:
        """Brings the process, which was told nothing, to where the seed and the first `told` asks have been told.

        `records` are all evaluations so far. Each is drawn once, whatever happens, so the caller may look at them too.
        """
        self._told = told
        snapshots = self._journal.history.snapshots
        self._due = SNAPSHOT_EVERY + max(told, snapshots[-1].told if snapshots else 0)
        for _ in range(ATTEMPTS):
            try:
                return await self._bring(records)
            except RoleGone:
                records = self._again(records)
                await self._client.restart()
        raise self._died()

    async def tell(self, record: Evaluated, program: Program | None) -> None:
        """Tells what became of the next proposal in order."""
        await self._surely(lambda: self._client.tell(_evaluation(record, program)))
        self._told += 1
        if self._told >= self._due:
            await self._snapshot()

    async def ask(self, index: int) -> Proposed:
        """Returns the proposal of a number; raises `RoleError` where the improver broke, or dies again and again."""
        proposed = await self._surely(lambda: self._client.ask(index))
        self._forms.append(proposed.form)
        return proposed

    def close(self) -> float:
        """Ends the process; returns the CPU seconds that it and those before it have used. May be called again."""
        return self._client.close()

    async def _snapshot(self) -> None:
        """Keeps the state as an event, so that the chain covers it. One that is too large is not kept."""
        state = await self._surely(self._client.export)
        self._due = next_snapshot(self._told, len(state) if state is not None else 0)
        if state is not None and len(state) <= LARGEST_STATE:
            self._journal.append(Snapshot(self._told, __version__, state))

    async def _surely(self, request: Callable[[], Awaitable[T]]) -> T:
        for _ in range(ATTEMPTS):
            try:
                return await request()
            except RoleGone:
                await self._revive()
        raise self._died()

    async def _revive(self) -> None:
        await self._journal.settle()
        await self._client.restart()
        with suppress(RoleGone):  # the request that follows finds it dead again
            await self._bring(self._again())

    @staticmethod
    def _died() -> RoleError:
        return RoleError(f"the improver's process died {ATTEMPTS} times in a row; `ryumon resume` tries again")

    # --- from a process that was told nothing to where the run is ---

    def _again(self, before: Iterable[Evaluated] = ()) -> Iterator[Evaluated]:
        """Returns the evaluations from the start, once those `before` are all drawn."""
        for _ in before:
            pass
        return stored_evaluations(self._journal.store, self._journal.history.run)

    async def _bring(self, records: Iterator[Evaluated]) -> None:
        forms: list[bytes] = []
        snapshot = self._journal.snapshot(self._told)
        if snapshot is not None and snapshot.version == __version__:
            past = _parts(records, snapshot.told, forms)
            if not await self._client.restore(snapshot.state, past, self._program):
                records, forms = self._again(records), []
                await self._client.restart()
        for record in records:
            forms.append(record.form)
            if record.index < self._told:
                await self._client.tell(_evaluation(record, self._journal.program(record)))
        await self._client.know(tuple(form for form in (*forms, *self._forms) if form))

    def _program(self, id: str) -> Program:
        program = self._journal.program(self._journal.recorded(id)) if id in self._journal.history.where else None
        if program is None:
            raise RoleError(f"the improver asked for the program {one_line(id)[:64]!a}, and there is none")
        return program


def next_snapshot(told: int, size: int) -> int:
    """Returns after how many tells the snapshot is due that follows one after `told`, of `size` bytes."""
    return told + max(SNAPSHOT_EVERY, min(size, LARGEST_STATE) // BYTES_A_TELL)


def _parts(records: Iterator[Evaluated], told: int, forms: list[bytes]) -> Iterator[tuple[Outline, ...]]:
    """Yields the seed and the first `told` asks in brief, some at a time; takes just these off `records`, and their
    forms into `forms`."""
    part: list[Outline] = []
    for record in records:
        forms.append(record.form)
        part.append(_outline(record))
        if len(part) == AT_ONCE or record.index == told - 1:
            yield tuple(part)
            part.clear()
        if record.index == told - 1:
            return


def _evaluation(record: Evaluated, program: Program | None) -> Evaluation:
    names = Evaluation.__struct_fields__
    fields = {name: getattr(record, name) for name in names if name != "program"}
    return Evaluation(program=program, **fields)


def _outline(record: Evaluated) -> Outline:
    """Returns what `_evaluation(record, program).outline()` would be."""
    kept = record.files is not None
    return Outline(
        index=record.index,
        id=record.id if kept else None,
        parents=record.parents,
        operator=record.operator,
        status=record.status,
        score=record.score,
        size=record.size if kept else 0,
        twin=record.twin,
        barred=record.barred,
    )
