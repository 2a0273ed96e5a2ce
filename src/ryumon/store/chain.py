"""The hash chain over a run's events: each hash covers the event and the hash before it.

Changing, dropping or reordering any event changes every hash after it, the head included.
"""

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from ryumon.errors import StoreError


class Event(msgspec.Struct, frozen=True):
    """One thing that happened in a run. `body` is MessagePack, `time` seconds since the epoch."""

    run: str
    seq: int
    kind: str
    time: float
    body: bytes
    hash: bytes


def genesis(run: str) -> bytes:
    """Returns the hash before a run's first event."""
    return hashlib.sha256(b"ryumon\0" + run.encode()).digest()


def linked(before: bytes, run: str, seq: int, kind: str, time: float, body: bytes) -> Event:
    """Returns the event that follows the hash `before`."""
    sealed = msgspec.msgpack.encode((run, seq, kind, time, body))
    return Event(run, seq, kind, time, body, hashlib.sha256(before + sealed).digest())


def verified(run: str, events: Iterable[Event]) -> Iterator[Event]:
    """Yields the events of a run, each checked against the one before; raises `StoreError` at the first that fails."""
    before = genesis(run)
    for seq, event in enumerate(events):
        if event.seq != seq:
            raise StoreError(f"run {run}: event {seq} is missing; the store was altered or damaged")
        if linked(before, event.run, event.seq, event.kind, event.time, event.body).hash != event.hash:
            raise StoreError(f"run {run}: event {seq} ({event.kind}) does not match its hash; it was altered")
        before = event.hash
        yield event
