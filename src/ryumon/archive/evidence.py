"""Why programs were barred: what each measurement of them said, kept with the run."""

from collections.abc import Iterator

import msgspec

from ryumon.archive.history import History
from ryumon.archive.journal import stored_evaluations
from ryumon.score import Status
from ryumon.store.base import Store


class Barred(msgspec.Struct, frozen=True):
    """A program that a second measurement did not confirm. `ask` is the one that it was found out for, None for a
    reading of a held-out split; `evidence` says what each measurement gave."""

    id: str
    status: Status
    ask: int | None
    evidence: str


def barred(store: Store, history: History) -> Iterator[Barred]:
    """Yields what was barred in a run, confirmations first in the order of the asks, then strict readings."""
    for record in stored_evaluations(store, history.run):
        for id, status in record.confirmed.items():
            if status != "ok":
                yield Barred(id, status, record.index, record.evidence)
    for (split, _, id), reading in history.readings.items():
        if reading.status == "cheating":
            yield Barred(id, reading.status, None, f"on {split}: {reading.reason}")
