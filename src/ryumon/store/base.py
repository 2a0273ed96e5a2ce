"""What any store of runs offers: append-only events, content-addressed texts, one writer a run.

A store is the one thing that outlives a process. Nothing in it is updated in place.
"""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from ryumon.program import Program
from ryumon.store.chain import Event


def text_id(text: str) -> str:
    """Returns the name of a text in the store: the SHA-256 of its UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Writer(Protocol):
    """The one writer of a run. What was appended is durable after the next `flush`."""

    head: bytes

    def append(self, kind: str, body: bytes) -> None:
        """Links an event to the chain and holds it for the next flush."""

    def program(self, program: Program) -> dict[str, str]:
        """Returns the program as path → text id, after holding its texts for the next flush."""

    def flush(self, patience_s: float = 5.0) -> None:
        """Writes all that is held in one transaction; raises `StoreError` where that fails, with nothing written, and
        `StoreBusy` where that is because another process has been writing for `patience_s`."""


class Store(Protocol):
    """Runs, their events and their texts."""

    @property
    def place(self) -> Path:
        """The folder where it is; one that does not exist for a store elsewhere."""

    def runs(self) -> list[str]:
        """Returns the names of all runs, oldest first."""

    def events(self, run: str, after: int = -1, count: int | None = None) -> Iterator[Event]:
        """Yields the events of a run in order, from the one after `after`, `count` of them at most."""

    def text(self, text_id: str) -> str:
        """Returns a text by its id, checked against it."""

    def writer(self, run: str, *, new: bool) -> AbstractContextManager[Writer]:
        """Opens a run for writing; raises `StoreError` where it has a writer, exists (`new`) or does not."""

    def stop_requested(self, run: str) -> bool:
        """Returns whether somebody asked the run to stop."""

    def request_stop(self, run: str, wanted: bool = True) -> None:
        """Asks the run to stop, or takes that back."""


def read_files(store: Store, files: dict[str, str]) -> Program:
    """Returns the program whose files are given as path → text id."""
    return Program({path: store.text(text_id) for path, text_id in files.items()})
