"""The store keeps what it was given, notices every change, and has one writer a run."""

import sqlite3
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryumon.errors import BadInput, StoreBusy, StoreError
from ryumon.program import Program
from ryumon.store import SqlStore, open_store
from ryumon.store.chain import Event, genesis, linked, verified


def filled(folder: Path, count: int = 5) -> SqlStore:
    store = SqlStore(folder, clock=lambda: 1.0)
    with store.writer("r", new=True) as writer:
        for number in range(count):
            writer.append("step", bytes([number]) * 10)
    return store


def test_events_come_back_in_order_and_verify(tmp_path: Path) -> None:
    events = list(verified("r", filled(tmp_path).events("r")))
    assert [event.body[0] for event in events] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("column", ["kind", "time", "body", "hash", "seq"])
def test_one_changed_field_of_one_event_is_noticed(tmp_path: Path, column: str) -> None:
    store = filled(tmp_path)
    new = {"kind": "'other'", "time": "2.0", "body": "X'02020202020202020203'", "hash": "X'00'", "seq": "99"}[column]
    with sqlite3.connect(tmp_path / "store.db") as raw:
        raw.execute(f"UPDATE events SET {column} = {new} WHERE seq = 2")
    with pytest.raises(StoreError):
        list(verified("r", store.events("r")))


def test_a_dropped_event_in_the_middle_is_noticed(tmp_path: Path) -> None:
    store = filled(tmp_path)
    with sqlite3.connect(tmp_path / "store.db") as raw:
        raw.execute("DELETE FROM events WHERE seq = 2")
    with pytest.raises(StoreError, match="missing"):
        list(verified("r", store.events("r")))


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=8), st.data())
def test_no_flipped_bit_of_a_body_survives_the_chain(bodies: list[bytes], data: st.DataObject) -> None:
    chain: list[Event] = []
    before = genesis("r")
    for seq, body in enumerate(bodies):
        chain.append(linked(before, "r", seq, "step", 0.0, body))
        before = chain[-1].hash
    assert len(list(verified("r", chain))) == len(chain)
    place = data.draw(st.integers(0, len(chain) - 1))
    old = chain[place]
    if not old.body:
        return
    bit = data.draw(st.integers(0, len(old.body) * 8 - 1))
    flipped = bytearray(old.body)
    flipped[bit // 8] ^= 1 << bit % 8
    chain[place] = Event(old.run, old.seq, old.kind, old.time, bytes(flipped), old.hash)
    with pytest.raises(StoreError):
        list(verified("r", chain))


def test_a_second_writer_of_a_run_is_refused_and_another_run_is_not(tmp_path: Path) -> None:
    store = filled(tmp_path)
    with store.writer("r", new=False):
        with pytest.raises(StoreError, match="another process"), store.writer("r", new=False):
            pass
        with store.writer("other", new=True) as writer:
            writer.append("step", b"")
    assert set(store.runs()) == {"r", "other"}


def test_a_reopened_run_continues_its_chain(tmp_path: Path) -> None:
    store = filled(tmp_path)
    with store.writer("r", new=False) as writer:
        writer.append("step", b"\x05")
    assert len(list(verified("r", store.events("r")))) == 6


def test_an_existing_run_is_not_started_again_and_a_missing_one_not_resumed(tmp_path: Path) -> None:
    store = filled(tmp_path)
    with pytest.raises(StoreError, match="exists"), store.writer("r", new=True):
        pass
    with pytest.raises(StoreError, match="no run"), store.writer("s", new=False):
        pass


def test_texts_are_stored_once_and_checked_when_read(tmp_path: Path) -> None:
    store = SqlStore(tmp_path)
    program = Program({"a.py": "x" * 1000, "b.py": "x" * 1000})
    with store.writer("r", new=True) as writer:
        files = writer.program(program)
        writer.append("step", b"")
    assert {path: store.text(id) for path, id in files.items()} == program.files
    with sqlite3.connect(tmp_path / "store.db") as raw:
        assert raw.execute("SELECT count(*) FROM texts").fetchone() == (1,)
        raw.execute("UPDATE texts SET data = X'00'")
    with pytest.raises(StoreError, match="altered"):
        store.text(files["a.py"])


def test_a_store_of_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    filled(tmp_path)
    with sqlite3.connect(tmp_path / "store.db") as raw:
        raw.execute("UPDATE meta SET value = 99")
    before = (tmp_path / "store.db").read_bytes()
    with pytest.raises(StoreError, match="schema 99"):
        SqlStore(tmp_path)
    assert (tmp_path / "store.db").read_bytes() == before


def test_a_file_that_is_no_store_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(StoreError):
        SqlStore(tmp_path)


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "a b", "x" * 101])
def test_a_run_name_that_is_no_plain_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput), SqlStore(tmp_path).writer(name, new=True):
        pass


def test_looking_at_a_store_that_is_not_there_makes_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no store"):
        open_store(str(tmp_path / "none"), create=False)
    assert not (tmp_path / "none").exists()


def test_a_store_that_another_process_writes_is_busy_and_what_was_held_is_written_later(tmp_path: Path) -> None:
    store = SqlStore(tmp_path)
    with store.writer("r", new=True) as writer:
        writer.append("k", b"body")
        other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy, match="locked by another process"):
            writer.flush(patience_s=0.0)
        other.close()
        writer.flush()
    assert [event.body for event in store.events("r")] == [b"body"]


def test_bodies_lie_packed_and_each_byte_altered_at_rest_is_noticed(tmp_path: Path) -> None:
    store = SqlStore(tmp_path)
    bodies = [b"started", b"the words of an evaluation " * 9, *(b"the words of an evaluation %d" % k for k in range(4))]
    with store.writer("r", new=True) as writer:
        for body in bodies[:3]:
            writer.append("step", body)
    with store.writer("r", new=False) as writer:
        for body in bodies[3:]:
            writer.append("step", body)
    assert [event.body for event in SqlStore(tmp_path).events("r", after=2)] == bodies[3:]
    with sqlite3.connect(tmp_path / "store.db") as raw:
        rows = raw.execute("SELECT seq, body FROM events ORDER BY seq").fetchall()
        assert all(len(data) < len(body) for body, (_, data) in zip(bodies[1:], rows[1:], strict=True))
        for seq, data in rows:
            for place in range(len(data)):
                changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
                raw.execute("UPDATE events SET body = ? WHERE seq = ?", (changed, seq))
                raw.commit()
                with pytest.raises(StoreError, match=f"event {seq} .*altered"):
                    list(verified("r", SqlStore(tmp_path).events("r")))
            raw.execute("UPDATE events SET body = ? WHERE seq = ?", (data, seq))


def test_a_store_whose_bodies_are_not_packed_is_read_and_written_on(tmp_path: Path) -> None:
    """As versions before packing wrote them."""
    store, bodies = SqlStore(tmp_path), [msgspec.msgpack.encode({"type": "step", "place": place}) for place in range(4)]
    with store.writer("r", new=True) as writer:
        for body in bodies:
            writer.append("step", body)
    with sqlite3.connect(tmp_path / "store.db") as raw:
        for seq, body in enumerate(bodies):
            raw.execute("UPDATE events SET body = ? WHERE seq = ?", (body, seq))
    again = SqlStore(tmp_path)
    with again.writer("r", new=False) as writer:
        writer.append("step", bodies[0])
    assert [event.body for event in verified("r", again.events("r"))] == [*bodies, bodies[0]]
