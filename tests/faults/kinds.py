"""The faults that runs are put through. Each is done while the supervisor waits after an event, by a process beside it.

A fault returns whether it came about: there may be no child to kill, say. What a run must make of it is for `campaign`
to judge.
"""

import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.faults.session import Session

HUNTED_S = 2.0


class Fault(NamedTuple):
    """A fault in progress: the supervisor has been let on. `over` ends what lasts; `landed` says that it happened."""

    landed: bool
    over: Callable[[], None] = lambda: None


Inject = Callable[[Session, Path, np.random.Generator], Fault]


def _kill_supervisor(session: Session, store: Path, rng: np.random.Generator) -> Fault:
    session.process.kill()
    session.process.wait()
    return Fault(True)


def _kill_any_time(session: Session, store: Path, rng: np.random.Generator) -> Fault:
    """Not at an event, but some time after: in the middle of a write, perhaps."""
    session.let_on()
    until = time.monotonic() + rng.uniform(0, 0.1)
    while time.monotonic() < until and session.process.poll() is None:
        for _ in session.moments() if session.heard() else ():
            session.let_on()
            break
    return _kill_supervisor(session, store, rng)


def _cut_power(session: Session, store: Path, rng: np.random.Generator) -> Fault:
    """Kills the supervisor, and leaves of the write-ahead log what a disk may have kept: any part, here."""
    _kill_any_time(session, store, rng)
    log = store / "store.db-wal"
    if log.exists():
        os.truncate(log, int(rng.integers(0, log.stat().st_size + 1)))
    (store / "store.db-shm").unlink(missing_ok=True)
    return Fault(True)


def _killer(role: str) -> Inject:
    """Kills one process of a role: the program itself, or one of those that make its sandbox."""

    def inject(session: Session, store: Path, rng: np.random.Generator) -> Fault:
        found = session.processes(role)
        landed = bool(found) and _killed(int(rng.choice(found)))
        session.let_on()
        return Fault(landed)

    return inject


def _kill_child(session: Session, store: Path, rng: np.random.Generator) -> Fault:
    """Waits for a candidate to be run, and kills it some microseconds later."""
    session.let_on()
    until, landed = time.monotonic() + HUNTED_S, False
    while not landed and time.monotonic() < until and not session.heard():
        for child in session.processes("child")[:1]:
            aim = time.monotonic() + rng.uniform(0, 0.002)
            while time.monotonic() < aim:
                pass
            landed = _killed(child)
    return Fault(landed)


def _lock_store(session: Session, store: Path, rng: np.random.Generator) -> Fault:
    other = sqlite3.connect(store / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    session.let_on()
    return Fault(True, other.close)


def _fill_disk(session: Session, store: Path, rng: np.random.Generator) -> Fault:
    """No room for a page more, by SQLite's own account; or no file can grow, and the write itself fails."""
    if rng.random() < 0.5:
        session.let_on("full")
        return Fault(True)
    size = (store / "store.db-wal").stat().st_size
    resource.prlimit(session.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    session.let_on()
    return Fault(True)


def _step_clock(session: Session, store: Path, rng: np.random.Generator) -> Fault:
    session.let_on(f"step {rng.uniform(-1e7, 1e7)}")
    return Fault(True)


def _fill_pipe(session: Session, store: Path, rng: np.random.Generator) -> Fault:
    """Whoever shows the output has stopped reading it."""
    os.set_blocking(session.writer, False)
    for size in (1 << 16, 1):
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            while True:
                os.write(session.writer, b"." * size)
    os.set_blocking(session.writer, True)
    session.let_on()
    return Fault(True)


def _hang_up(session: Session, store: Path, rng: np.random.Generator) -> Fault:
    """Whoever shows the output has gone."""
    session.hang_up()
    session.hung_up = True
    session.let_on()
    return Fault(True)


def _signal(number: signal.Signals) -> Inject:
    def inject(session: Session, store: Path, rng: np.random.Generator) -> Fault:
        os.killpg(session.process.pid, number)
        session.let_on()
        return Fault(True)

    return inject


def _stop(session: Session, store: Path, rng: np.random.Generator) -> Fault:
    done = subprocess.run([sys.executable, "-m", "ryumon.cli", "stop", "--store", str(store)], capture_output=True)
    session.disturbed_at = time.monotonic()
    session.let_on()
    return Fault(done.returncode == 0)  # before its first commit to the store there is no run to stop


def _killed(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


KINDS: dict[str, Inject] = {
    "kill supervisor": _kill_supervisor,
    "kill improver": _killer("improver"),
    "kill worker": _killer("worker"),
    "kill zygote": _killer("zygote"),
    "kill child": _kill_child,
    "power cut": _cut_power,
    "locked store": _lock_store,
    "full disk": _fill_disk,
    "stepped clock": _step_clock,
    "full pipe": _fill_pipe,
    "closed pipe": _hang_up,
    "Ctrl-C": _signal(signal.SIGINT),
    "terminated": _signal(signal.SIGTERM),
    "ryumon stop": _stop,
    "altered row": _kill_supervisor,  # what follows, at rest, is for `campaign`
}
