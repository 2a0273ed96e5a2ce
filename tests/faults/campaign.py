"""One run put through faults until it finishes, and whether it ends as an undisturbed one.

`disturbed` raises `AssertionError` where a fault has altered the archive, left a process behind, made a command end in
anything but one line, or cannot be recovered from.
"""

import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from ryumon.archive.history import History
from ryumon.archive.journal import stored_evaluations
from ryumon.store import SqlStore
from ryumon.store.chain import verified
from tests.faults.kinds import KINDS, Fault
from tests.faults.session import Session, adopting, await_none_left, below

RUN = "disturbed"
MOST_SESSIONS = 200
GAP = 4  # events from one fault to the next, at most
ENDS: dict[str, tuple[int, ...]] = {  # exit codes by the last fault of a session; others end with 0
    "kill supervisor": (-9,),
    "power cut": (-9, 0),
    "altered row": (-9,),
    "full disk": (0, 2),
    "terminated": (0, -15),
    "Ctrl-C": (0, 2),
}


STOPS = ("Ctrl-C", "terminated", "ryumon stop")
ENDINGS = frozenset({*ENDS, *STOPS})


_CELLS = [*(("events", column, "seq") for column in ("body", "hash", "time", "kind")), ("texts", "data", "id")]


class Outcome(NamedTuple):
    """What a run was put through: faults that came about, by kind; sessions; for each kind that ends a session how many
    seconds its processes took to go; how old, in seconds, the oldest event was that a kill lost."""

    faults: Counter[str]
    sessions: int
    gone_s: dict[str, float]
    lost_s: float


def told(store: SqlStore, run: str) -> list[str]:
    """Returns all that a run's archive and verdict say, an item for each event, times and costs left out."""
    history = History(run).follow(verified(run, store.events(run)))
    assert history.finished is not None
    end = history.finished
    archive = [
        (e.index, e.id, e.parents, e.operator, e.status, e.score, e.cases, e.reason, e.twin, e.barred, e.confirmed)
        for e in stored_evaluations(store, run)
    ]
    readings = sorted((*key, read.status, read.scores) for key, read in history.readings.items())
    verdict = (history.ended, end.champion, end.verdict, end.difference, end.ci95)
    return [msgspec.json.encode(item).decode() for item in (*archive, *readings, verdict)]


def undisturbed(folder: Path, arguments: Sequence[str]) -> list[str]:
    """Returns what is told of a run that nothing happens to. `arguments` are those of `ryumon run`."""
    session = Session(["run", *arguments, "--store", str(folder), "--name", RUN])
    for _ in session.moments():
        session.let_on()
    code, errors = session.end()
    assert code == 0, errors
    return told(SqlStore(folder), RUN)


def disturbed(
    folder: Path,
    arguments: Sequence[str],
    kinds: Sequence[str],
    rng: np.random.Generator,
    say: Callable[[str], None] = lambda line: None,
) -> Outcome:
    """Runs, with the next of `kinds` every few events, and resumes until the verdict is there."""
    outcome = Outcome(Counter(), 0, {}, 0.0)
    known = below(os.getpid())
    wanted = deque(kinds)
    with adopting():
        for number in range(1, MOST_SESSIONS):
            stored = _stored(folder)
            if stored is not None and stored.finished is not None:
                return outcome
            command = ["run", *arguments, "--name", RUN] if stored is None else ["resume", RUN]
            session = Session([*command, "--store", str(folder)])
            last = _disturb(session, folder, wanted, rng, outcome.faults)
            code, errors = session.end()
            await_none_left(known)
            gone = time.monotonic() - session.disturbed_at
            say(f"session {number}: {last or 'nothing'}: exit {code}, processes gone in {gone:.3f} s: {errors.strip()}")
            outcome = _judged(outcome, session, folder, last, code, errors, gone)
            if last == "altered row":
                refuses_altered(folder, rng)
    raise AssertionError(f"not finished after {MOST_SESSIONS} sessions: {outcome}")


def _disturb(
    session: Session, folder: Path, wanted: deque[str], rng: np.random.Generator, faults: Counter[str]
) -> str | None:
    """Sees a session to its end, and returns which fault was the last to come about."""
    due, last = 0, None
    lasting: list[Fault] = []
    for moment in session.moments():
        due = due or moment.events + int(rng.integers(1, GAP))
        if lasting and (moment.events >= due or moment.finished):
            lasting.pop().over()
        session.draining = session.draining or moment.finished
        if moment.finished or moment.events < due or not wanted or last in ENDINGS:
            session.let_on()
            continue
        named = wanted[0]
        session.draining = named in ENDINGS
        session.disturbed_at = time.monotonic()
        fault = KINDS[named](session, folder, rng)
        due = moment.events + int(rng.integers(1, GAP))
        lasting.append(fault)
        if fault.landed:
            faults[named] += 1
            last = named
            wanted.popleft()
    for fault in lasting:
        fault.over()
    return last


def _judged(
    before: Outcome, session: Session, folder: Path, last: str | None, code: int, errors: str, gone: float
) -> Outcome:
    """Returns the outcome with a session's; raises `AssertionError` where it did not end as its last fault lets it."""
    allowed = (*ENDS.get(last or "", (0,)), *((1,) if session.hung_up else ()))  # its last words went nowhere
    assert code in allowed, f"{last}: exit {code}: {errors}"
    assert "Traceback" not in errors, f"{last}: {errors}"
    assert code != 2 or len(errors.strip().splitlines()) == 1, f"{last}: {errors}"
    lost = 0.0
    if code == -9 and session.told:
        stored = _stored(folder)
        kept = stored.events if stored is not None else 0
        times = [told for told, events in session.told if events > kept]
        lost = session.told[-1][0] - times[0] if times and last != "power cut" else 0.0
    gone_s = {**before.gone_s}
    if last in STOPS or code != 0:
        assert last is not None
        gone_s[last] = max(gone_s.get(last, 0.0), gone)
    return Outcome(before.faults, before.sessions + 1, gone_s, max(before.lost_s, lost))


def refuses_altered(folder: Path, rng: np.random.Generator) -> None:
    """Alters an event or a text of a run at rest: `audit` and `resume` say so, each in one line; then puts it back."""
    with sqlite3.connect(folder / "store.db") as store:
        table, column, key = _CELLS[int(rng.integers(len(_CELLS)))]
        rows = store.execute(f"SELECT {key}, {column} FROM {table} ORDER BY {key}").fetchall()
        if not rows:
            return
        place, good = rows[int(rng.integers(len(rows)))]
        update = f"UPDATE {table} SET {column} = ? WHERE {key} = ?"
        store.execute(update, (_altered(good, rng), place))
        store.commit()
        named = f"event {place}" if table == "events" else f"text {place.hex()[:12]}: altered"
        for command in ("audit", "resume"):
            done = ryumon(command, RUN, "--store", str(folder))
            assert done.returncode == 2, f"{command} took {named} for whole: {done.stdout}"
            assert named in done.stderr, done.stderr
            assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        store.execute(update, (good, place))
    store.close()


def _altered(value: float | str | bytes, rng: np.random.Generator) -> float | str | bytes:
    """Returns a value that differs a little: by a bit, where it is bytes."""
    if isinstance(value, float):
        return value + 1e-3
    if isinstance(value, str):
        return value + "x"
    place = int(rng.integers(len(value)))
    return bytes([*value[:place], value[place] ^ (1 << int(rng.integers(8))), *value[place + 1 :]])


def ryumon(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Runs one command to its end."""
    return subprocess.run([sys.executable, "-m", "ryumon.cli", *arguments], capture_output=True, text=True)


def _stored(folder: Path) -> History | None:
    """Returns what the store holds of the run, checked; None where it holds nothing."""
    if not (folder / "store.db").exists():
        return None
    store = SqlStore(folder)
    try:
        return History(RUN).follow(verified(RUN, store.events(RUN))) if RUN in store.runs() else None
    finally:
        store._engine.dispose()  # an open connection would shield the files from what is done to them next
