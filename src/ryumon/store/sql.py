"""The store in SQLite (WAL), through SQLAlchemy Core.

One file holds all runs; a lock file beside it keeps each run to one writer, and a stop file asks a run to end.
"""

import fcntl
import re
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from ryumon.errors import BadInput, StoreBusy, StoreError
from ryumon.program import MAX_BYTES, Program
from ryumon.store.base import text_id
from ryumon.store.chain import Event, genesis, linked
from ryumon.store.packing import packed, unpacked

SCHEMA = 1
DEFAULT = ".ryumon"
SAMPLE = 1  # the event whose body is the dictionary of those after it: the seed's evaluation
PATIENCE_S = 5.0  # for another process's write lock

_tables = sa.MetaData()
_meta = sa.Table("meta", _tables, sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Integer))
_events = sa.Table(
    "events",
    _tables,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("time", sa.Float, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
_texts = sa.Table(
    "texts",
    _tables,
    sa.Column("id", sa.LargeBinary, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
_TEXT = sa.select(_texts.c.data).where(_texts.c.id == sa.bindparam("key"))


class SqlWriter:
    """Appends to one run. Holds what is appended until `flush`."""

    def __init__(
        self, engine: sa.Engine, run: str, seq: int, head: bytes, sample: bytes, clock: Callable[[], float]
    ) -> None:
        self._engine, self._run, self._seq, self._sample, self._clock = engine, run, seq, sample, clock
        self.head = head
        self._held_events: list[dict[str, Any]] = []
        self._held_texts: dict[bytes, str] = {}

    def append(self, kind: str, body: bytes) -> None:
        """Links an event to the chain and holds it for the next flush."""
        event = linked(self.head, self._run, self._seq, kind, self._clock(), body)
        self.head, self._seq = event.hash, event.seq + 1
        row = {name: getattr(event, name) for name in event.__struct_fields__}
        self._held_events.append({**row, "body": packed(body, self._sample)})
        if event.seq == SAMPLE:
            self._sample = body

    def program(self, program: Program) -> dict[str, str]:
        """Returns the program as path → text id, after holding its texts for the next flush."""
        files = {path: text_id(text) for path, text in program.files.items()}
        for path, text in program.files.items():
            self._held_texts[bytes.fromhex(files[path])] = text
        return files

    def flush(self, patience_s: float = PATIENCE_S) -> None:
        """Writes what is held in one transaction; a failure leaves the store as it was, and what is held held."""
        if not self._held_events:
            return
        texts = [
            {"id": key, "data": zlib.compress(text.encode("utf-8", "surrogatepass"), 6)}
            for key, text in self._held_texts.items()
        ]
        with _translated(), self._engine.begin() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={round(patience_s * 1000)}")
            if texts:
                connection.execute(insert(_texts).on_conflict_do_nothing(), texts)
            connection.execute(sa.insert(_events), self._held_events)
        self._held_events, self._held_texts = [], {}


class SqlStore:
    """All runs of one folder. `clock` gives the time of events, in seconds since the epoch."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._clock = folder, clock
        self._samples: dict[str, bytes] = {}
        with _translated():
            folder.mkdir(parents=True, exist_ok=True)
            self._engine = sa.create_engine(f"sqlite:///{folder / 'store.db'}")
            sa.event.listen(self._engine, "connect", _configure)
            found = self._schema()
            if found is None:
                _tables.create_all(self._engine)
                with self._engine.begin() as connection:
                    connection.execute(insert(_meta).on_conflict_do_nothing(), {"key": "schema", "value": SCHEMA})
        if found not in (None, SCHEMA):
            raise StoreError(
                f"{folder}: the store is of schema {found}, this ryumon reads {SCHEMA}; use the version that wrote it"
            )

    def _schema(self) -> int | None:
        if not sa.inspect(self._engine).has_table("meta"):
            return None
        with self._engine.connect() as connection:
            found: int | None = connection.scalar(sa.select(_meta.c.value).where(_meta.c.key == "schema"))
        return found

    @property
    def place(self) -> Path:
        """The folder where the store is."""
        return self._folder

    def runs(self) -> list[str]:
        """Returns the names of all runs, oldest first."""
        query = sa.select(_events.c.run).where(_events.c.seq == 0).order_by(_events.c.time, _events.c.run)
        with _translated(), self._engine.connect() as connection:
            return list(connection.scalars(query))

    def events(self, run: str, after: int = -1, count: int | None = None) -> Iterator[Event]:
        """Yields the events of a run in order, from the one after `after`, `count` of them at most."""
        query = (
            sa.select(_events).where(_events.c.run == run, _events.c.seq > after).order_by(_events.c.seq).limit(count)
        )
        with _translated(), self._engine.connect() as connection:
            rows = connection.execution_options(yield_per=1000).execute(query)
            for _, seq, kind, at, data, hash in rows:
                body = unpacked(data, self._sample(run) if seq > SAMPLE else b"")
                if body is None:
                    raise StoreError(f"run {run}: event {seq} ({kind}) cannot be unpacked; it was altered")
                yield Event(run, seq, kind, at, body, hash)

    def _sample(self, run: str) -> bytes:
        """Returns the body that those after it are packed with; empty where it is not there yet."""
        if run not in self._samples:
            query = sa.select(_events.c.body).where(_events.c.run == run, _events.c.seq == SAMPLE)
            with self._engine.connect() as connection:
                data = connection.scalar(query)
            if data is None:
                return b""
            self._samples[run] = unpacked(data, b"") or b""
        return self._samples[run]

    def text(self, text_id_: str) -> str:
        """Returns a text by its id; raises `StoreError` where it is missing or was altered."""
        try:
            key = bytes.fromhex(text_id_)
        except ValueError:
            raise StoreError(f"text {text_id_[:12]!a}: no text has such an id; restore the store") from None
        with _translated(), self._engine.connect() as connection:
            data = connection.scalar(_TEXT, {"key": key})
        try:
            # What was altered may unpack to anything, so no more than a program holds is unpacked.
            unpacked = None if data is None else zlib.decompressobj().decompress(data, MAX_BYTES)
            text = None if unpacked is None else unpacked.decode("utf-8", "surrogatepass")
        except (zlib.error, UnicodeDecodeError):
            text = None
        if text is None or text_id(text) != text_id_:
            raise StoreError(f"text {text_id_[:12]}: {'missing' if data is None else 'altered'}; restore the store")
        return text

    @contextmanager
    def writer(self, run: str, *, new: bool) -> Iterator[SqlWriter]:
        """Opens a run for writing, under a lock that the system drops when this process ends, however it ends."""
        check_name(run)
        with _translated():
            lock = open(self._beside(run, "lock"), "a")  # noqa: SIM115  held by the with below
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(f"run {run}: another process is writing it; stop that one first") from None
            last = self._last(run)
            if new and last is not None:
                raise StoreError(f"run {run} exists; choose another --name, or `ryumon resume {run}`")
            if not new and last is None:
                raise StoreError(f"no run {run!r} in {self._folder}; `ryumon runs` lists them")
            self.request_stop(run, wanted=False)
            seq, head = (0, genesis(run)) if last is None else (last[0] + 1, last[1])
            sample = self._sample(run) if seq > SAMPLE else b""
            writer = SqlWriter(self._engine, run, seq, head, sample, self._clock)
            yield writer
            writer.flush()

    def _last(self, run: str) -> tuple[int, bytes] | None:
        query = sa.select(_events.c.seq, _events.c.hash).where(_events.c.run == run)
        with _translated(), self._engine.connect() as connection:
            row = connection.execute(query.order_by(_events.c.seq.desc()).limit(1)).first()
        return None if row is None else (row.seq, row.hash)

    def stop_requested(self, run: str) -> bool:
        """Returns whether the run's stop file is there."""
        return self._beside(run, "stop").exists()

    def request_stop(self, run: str, wanted: bool = True) -> None:
        """Makes the run's stop file, or removes it."""
        with _translated():
            if wanted:
                self._beside(run, "stop").touch()
            else:
                self._beside(run, "stop").unlink(missing_ok=True)

    def _beside(self, run: str, suffix: str) -> Path:
        return self._folder / f"{run}.{suffix}"


def open_store(url: str | None, *, create: bool = True) -> SqlStore:
    """Returns the store at `url`: a folder, or `sqlite:///folder`; `.ryumon` in the working folder by default."""
    place = url or DEFAULT
    if "://" in place and not place.startswith("sqlite:///"):
        raise BadInput(f"store {place!r}: use a folder, or sqlite:///FOLDER")
    folder = Path(place.removeprefix("sqlite:///"))
    if not create and not (folder / "store.db").exists():
        raise BadInput(f"{folder}: no store there; `ryumon run` makes one, --store names another")
    return SqlStore(folder)


def check_name(run: str) -> None:
    """Raises `BadInput` unless `run` is fit to be a run's name, and part of a file's."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", run):
        raise BadInput(f"run name {run!r}: use letters, digits, '.', '_' and '-', starting with a letter or digit")


def _configure(connection: Any, _record: object) -> None:
    # FULL: in WAL mode, NORMAL may lose the last commits at a power cut.
    for pragma in (f"busy_timeout={PATIENCE_S * 1000:.0f}", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise StoreBusy(
                "the store is locked by another process that writes it; end that one, then `ryumon resume`"
            ) from error
        raise StoreError(
            f"the store failed: {error.orig}; free space or mend the disk, then `ryumon resume`"
        ) from error
    except OSError as error:
        raise StoreError(f"the store failed: {error}; check its folder, then try again") from error
