"""What became of a run's proposals, by kind, with the reasons given."""

from collections import Counter

import msgspec

from ryumon.archive.history import History
from ryumon.archive.journal import stored_evaluations
from ryumon.score import Status
from ryumon.store.base import Store

REASON_CHARACTERS = 90
REASONS_KEPT = 3


class Outcome(msgspec.Struct, frozen=True):
    """A status: how many proposals came to it, the first lines of their commonest reasons with counts, and the log of
    the first of them that wrote one."""

    status: Status
    count: int
    reasons: list[tuple[str, int]]
    log: str


def outcomes(store: Store, history: History) -> list[Outcome]:
    """Returns the outcomes of a run, the most frequent first; the seed's is not among them."""
    reasons: dict[Status, Counter[str]] = {status: Counter() for status in history.statuses}
    logs: dict[Status, str] = {}
    for record in stored_evaluations(store, history.run):
        if record.index < 0:
            continue
        if record.reason:
            reasons[record.status][record.reason.splitlines()[0][:REASON_CHARACTERS]] += 1
        if record.log.strip():
            logs.setdefault(record.status, record.log)
    counted = sorted(history.statuses.items(), key=lambda item: -item[1])
    return [
        Outcome(status, count, reasons[status].most_common(REASONS_KEPT), logs.get(status, ""))
        for status, count in counted
    ]
