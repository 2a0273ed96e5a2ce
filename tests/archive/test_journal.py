"""A store that another process holds is waited for; the run goes on meanwhile."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from ryumon.archive import journal as module
from ryumon.archive.history import History
from ryumon.archive.journal import Journal
from ryumon.errors import StoreBusy, StoreError
from ryumon.program import Program
from ryumon.store import SqlStore
from ryumon.store.records import SearchEnded
from tests.runs import evaluated


class LockedWriter:
    """A writer whose first `locked` flushes find the store held by another process."""

    def __init__(self, locked: float) -> None:
        self.head, self.flushes, self._locked = b"", 0, locked
        self.patience = [0.0]

    def append(self, kind: str, body: bytes) -> None:
        """Takes an event."""

    def program(self, program: Program) -> dict[str, str]:
        """Takes a program."""
        return {}

    def flush(self, patience_s: float = 5.0) -> None:
        """Fails while the store is locked."""
        self.flushes += 1
        self.patience.append(patience_s)
        if self.flushes <= self._locked:
            raise StoreBusy("locked")


def journal_of(writer: LockedWriter, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Journal, list[StoreError]]:
    """Returns a journal that flushes at once, and what it will say has failed."""
    monkeypatch.setattr(module, "FLUSH_S", 0.0)
    monkeypatch.setattr(module, "AGAIN_S", 0.0)
    journal, failures = Journal(SqlStore(folder), writer, History("r")), list[StoreError]()
    journal.failed = failures.append
    return journal, failures


def test_events_wait_for_a_locked_store_and_hold_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def inside() -> None:
        writer = LockedWriter(3)
        journal, failures = journal_of(writer, tmp_path, monkeypatch)
        journal.append(SearchEnded("evaluations", 0.0))
        while writer.flushes <= 3:
            await asyncio.sleep(0)
        assert failures == []
        assert max(writer.patience) < 0.1  # a stop has to be heard meanwhile

    asyncio.run(asyncio.wait_for(inside(), 10))


def test_a_store_locked_for_too_long_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def inside() -> None:
        journal, failures = journal_of(LockedWriter(float("inf")), tmp_path, monkeypatch)
        monkeypatch.setattr(module, "LOCKED_S", 0.0)
        journal.append(SearchEnded("evaluations", 0.0))
        while not failures:
            await asyncio.sleep(0)
        assert isinstance(failures[0], StoreBusy)

    asyncio.run(asyncio.wait_for(inside(), 10))


def test_the_end_of_a_run_waits_for_a_locked_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def inside() -> None:
        writer = LockedWriter(3)
        journal, failures = journal_of(writer, tmp_path, monkeypatch)
        monkeypatch.setattr(module, "FLUSH_S", 1000.0)
        journal.append(SearchEnded("evaluations", 0.0))
        await journal.settle()
        assert writer.flushes == 4
        assert failures == []

    asyncio.run(asyncio.wait_for(inside(), 10))


def test_what_is_not_durable_yet_is_read_without_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a confirmation would hold the run up, or end it, while another process locks the store."""

    async def inside() -> None:
        monkeypatch.setattr(module, "FLUSH_S", 1000.0)
        store = SqlStore(tmp_path)
        program = Program({"a.py": "x = 1\n", "b.py": ""})
        with store.writer("r", new=True) as writer:
            journal = Journal(store, writer, History("r"))
            record = journal.append(evaluated(0, program, journal.keep(program), 1.0))
            with sqlite3.connect(tmp_path / "store.db", isolation_level=None) as other:
                other.execute("BEGIN IMMEDIATE")
                assert journal.recorded(program.id) == record
                assert journal.program(record) == program
            other.close()
            await journal.settle()
            assert journal.recorded(program.id) == record
            assert journal.program(record) == program

    asyncio.run(asyncio.wait_for(inside(), 10))
