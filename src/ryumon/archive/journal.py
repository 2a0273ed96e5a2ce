"""A run's journal: every event goes through here, to the store, to the history and to the ledger, in one order.

The supervisor is its one user. Events become durable together, within `FLUSH_S` of the first.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import TypeVar, cast

from ryumon.archive.history import History
from ryumon.archive.lineage import evaluated
from ryumon.budget import Cost, Ledger
from ryumon.errors import StoreBusy, StoreError
from ryumon.program import Program
from ryumon.redaction import Redactor
from ryumon.store.base import Store, Writer
from ryumon.store.records import Evaluated, Read, Record, Snapshot, decoded, encoded

FLUSH_S = 0.08  # with the commit itself, at most a tenth of a second of work can be lost
BRIEFLY_S, AGAIN_S, LOCKED_S = 0.05, 0.25, 60.0  # for a locked store: each wait, the time between, all of them
R = TypeVar("R", bound=Record)


class Journal:
    """The events of one run under way. `notify` is called after each with the state so far, `failed` where a flush is
    impossible; both must be quick.

    While another process locks the store, events wait for it and the run goes on, for `LOCKED_S` at most.
    """

    def __init__(
        self, store: Store, writer: Writer, history: History, notify: Callable[[History], None] = lambda history: None
    ) -> None:
        self.store, self.history = store, history
        self.ledger = Ledger(history.budget, history.spent + Cost(wall_s=history.elapsed))
        self.failed: Callable[[StoreError], None] = lambda error: None
        self._writer, self._notify = writer, notify
        self.redactor = Redactor()
        self._born = time.monotonic() - history.elapsed
        self._flush_due: asyncio.TimerHandle | None = None
        self._locked_since: float | None = None
        self._fresh: dict[str, Evaluated] = {}  # what is not durable yet: commits by program, and texts by id
        self._fresh_texts: dict[str, str] = {}

    def append(self, record: R) -> R:
        """Appends the event that says `record`, and returns it as it is stored: keys that its texts held are out."""
        kind, body = encoded(record)
        clean = self.redactor.body(body)
        if clean is not body:
            body = clean
            record = cast(R, decoded(body))
        self._writer.append(kind, body)
        if isinstance(record, Evaluated) and record.id is not None and record.id not in self.history.where:
            self._fresh[record.id] = record
        self.history.apply(record, self._writer.head)
        self.ledger.budget = self.history.budget
        if isinstance(record, Evaluated | Read):
            self.ledger.charge(record.cost)
        if self._flush_due is None:
            self._flush_due = asyncio.get_running_loop().call_later(FLUSH_S, self._flush_by_itself)
        self.pulse()
        return record

    def pulse(self) -> None:
        """Lets whoever watches draw again, also while nothing happens."""
        if self.history.events:
            self._notify(self.history)

    def keep(self, program: Program) -> dict[str, str]:
        """Returns a program as path → text id; its texts are stored with the next event."""
        files = self._writer.program(program)
        self._fresh_texts.update((files[path], text) for path, text in program.files.items())
        return files

    def flush(self) -> None:
        """Makes every event so far durable at once; raises `StoreError`."""
        self._writer.flush()
        self._written()

    async def settle(self) -> None:
        """Makes every event so far durable, as soon as no other process locks the store; raises `StoreError`."""
        while self._locked():
            await asyncio.sleep(AGAIN_S)

    def recorded(self, id: str) -> Evaluated:
        """Returns the event by which a program was committed."""
        return self._fresh.get(id) or evaluated(self.store, self.history, id)

    def program(self, record: Evaluated) -> Program | None:
        """Returns the program of an event; None where it had none."""
        if record.files is None:
            return None
        fresh = self._fresh_texts
        return Program({path: fresh[id] if id in fresh else self.store.text(id) for path, id in record.files.items()})

    def snapshot(self, told: int) -> Snapshot | None:
        """Returns the last snapshot of the improver's state after `told` tells at most; None where none is."""
        place = next((place for place in reversed(self.history.snapshots) if place.told <= told), None)
        if place is None:
            return None
        record = decoded(next(iter(self.store.events(self.history.run, place.event - 1, 1))).body)
        assert isinstance(record, Snapshot)
        return record

    def elapsed(self) -> float:
        """Returns the seconds that the run has taken, the earlier sessions' included, and charges them."""
        now = time.monotonic() - self._born
        self.ledger.charge(Cost(wall_s=now - self.ledger.spent.wall_s))
        return now

    def wall_left(self) -> float | None:
        """Returns the seconds left of the budget; None where it sets no such limit."""
        limit = self.history.budget.wall_s
        return None if limit is None else max(0.0, limit - self.elapsed())

    def _flush_by_itself(self) -> None:
        self._flush_due = None
        try:
            if self._locked():
                self._flush_due = asyncio.get_running_loop().call_later(AGAIN_S, self._flush_by_itself)
        except StoreError as error:
            self.failed(error)

    def _locked(self) -> bool:
        """Makes every event durable, unless another process locks the store; raises `StoreError` where that lasts."""
        try:
            self._writer.flush(BRIEFLY_S)
        except StoreBusy:
            now = time.monotonic()
            self._locked_since = self._locked_since or now
            if now - self._locked_since >= LOCKED_S:
                raise
            return True
        self._written()
        return False

    def _written(self) -> None:
        if self._flush_due is not None:
            self._flush_due.cancel()
        self._flush_due = self._locked_since = None
        self._fresh.clear()
        self._fresh_texts.clear()


def stored_evaluations(store: Store, run: str) -> Iterator[Evaluated]:
    """Yields the evaluations of a run in commit order, the seed's first."""
    for event in store.events(run):
        if event.kind == "evaluated":
            record = decoded(event.body)
            assert isinstance(record, Evaluated)
            yield record
