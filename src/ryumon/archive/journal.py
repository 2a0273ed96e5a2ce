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
from ryumon.store.base import Store, Writer, read_files
from ryumon.store.records import Evaluated, Read, Record, decoded, encoded

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
        self._durable = history.events
        self._locked_since: float | None = None

    def append(self, record: R) -> R:
        """Appends the event that says `record`, and returns it as it is stored: keys that its texts held are out."""
        kind, body = encoded(record)
        clean = self.redactor.body(body)
        if clean is not body:
            body = clean
            record = cast(R, decoded(body))
        self._writer.append(kind, body)
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
        return self._writer.program(program)

    def flush(self) -> None:
        """Makes every event so far durable; raises `StoreError`."""
        if self._flush_due is not None:
            self._flush_due.cancel()
            self._flush_due = None
        self._writer.flush()
        self._written()

    def recorded(self, id: str) -> Evaluated:
        """Returns the event by which a program was committed."""
        if self.history.where[id] >= self._durable:
            self.flush()
        return evaluated(self.store, self.history, id)

    def program(self, record: Evaluated) -> Program | None:
        """Returns the program of an event; None where it had none."""
        return None if record.files is None else read_files(self.store, record.files)

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
            self._writer.flush(BRIEFLY_S)
        except StoreBusy as error:
            now = time.monotonic()
            self._locked_since = self._locked_since or now
            if now - self._locked_since < LOCKED_S:
                self._flush_due = asyncio.get_running_loop().call_later(AGAIN_S, self._flush_by_itself)
            else:
                self.failed(error)
        except StoreError as error:
            self.failed(error)
        else:
            self._written()

    def _written(self) -> None:
        self._durable, self._locked_since = self.history.events, None


def stored_evaluations(store: Store, run: str) -> Iterator[Evaluated]:
    """Yields the evaluations of a run in commit order, the seed's first."""
    for event in store.events(run):
        if event.kind == "evaluated":
            record = decoded(event.body)
            assert isinstance(record, Evaluated)
            yield record
