"""What a long run costs to take up and to look at: time, CPU, memory of each role, and bytes of store a program.

    python -m benchmarks.scale [1000 10000 100000 1000000] [--keep FOLDER]

Each store is made (`made`), not run; 1,000,000 take some minutes. Resume is timed from the command's first line to the
first commit of a new proposal, evaluated in the sandbox by one worker. Last result: see docs/results/running.md.
"""

import argparse
import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import msgspec
from benchmarks.scale.made import RUN, make, write_task

from ryumon import supervisor
from ryumon.archive.history import History
from ryumon.engines.processes import tree_cpu_s
from ryumon.store import open_store
from tests.faults.session import ROLES, below, command_of

SIZES = (1_000, 10_000, 100_000, 1_000_000)
MORE = 8


class Cost(msgspec.Struct, frozen=True):
    """Seconds, CPU seconds, and the largest memory in MB."""

    wall_s: float
    cpu_s: float
    mb: float


class Resumed(msgspec.Struct, frozen=True):
    """The same at the first new commit; `folded_s` is when the events had been verified and the improver was up."""

    wall_s: float
    cpu_s: float
    folded_s: float
    supervisor_mb: float
    improver_mb: float


def main() -> None:
    """Measures each size and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--keep", type=Path, help="where the stores are made and left")
    parser.add_argument("--resume", metavar="STORE", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.resume:
        print(msgspec.json.encode(_resumed(asked.resume)).decode())
        return
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="ryumon-scale-"))
    print("programs  bytes each  resume s (CPU; folded)  supervisor, improver MB  show s (CPU), MB  audit s (CPU), MB")
    try:
        for size in asked.sizes:
            print(_row(folder / str(size), size), flush=True)
    finally:
        if not asked.keep:
            shutil.rmtree(folder)


def _row(folder: Path, size: int) -> str:
    place = str(folder / "store")
    if not folder.exists():
        task = write_task(folder / "task")
        make(open_store(place), task, size, supervisor.admitted_tier())
    with closing(sqlite3.connect(folder / "store" / "store.db")) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    bytes_each = (folder / "store" / "store.db").stat().st_size / size
    looks = [_spent("-m", "ryumon.cli", command, RUN, "--store", place)[1] for command in ("show", "audit")]
    said, _ = _spent("-m", "benchmarks.scale", "--resume", place)
    up = msgspec.json.decode(said.splitlines()[-1], type=Resumed)
    cells = [f"{look.wall_s:.1f} ({look.cpu_s:.1f}), {look.mb:.0f}" for look in looks]
    resume = f"{up.wall_s:.1f} ({up.cpu_s:.1f}; {up.folded_s:.1f})"
    memory = f"{up.supervisor_mb:.0f}, {up.improver_mb:.0f}"
    return f"{size:8d}  {bytes_each:10.0f}  {resume:22s}  {memory:23s}  {cells[0]:16s}  {cells[1]}"


def _spent(*arguments: str) -> tuple[str, Cost]:
    """Runs python on `arguments`; returns what it printed and what it cost, its children included."""
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return said, Cost(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _resumed(place: str) -> Resumed:
    """Resumes the run to its first new commit, and stops it there."""
    began = time.perf_counter()
    committed, folded, found = -1, 0.0, None

    def notify(history: History) -> None:
        nonlocal committed, folded, found
        if committed < 0:
            committed, folded = history.committed, time.perf_counter() - began
        if history.committed > committed and found is None:
            improvers = [pid for pid in below(os.getpid()) if ROLES["improver"] in command_of(pid)]
            found = Resumed(
                wall_s=time.perf_counter() - began,
                cpu_s=tree_cpu_s([os.getpid()]),
                folded_s=folded,
                supervisor_mb=_largest_mb(os.getpid()),
                improver_mb=max(map(_largest_mb, improvers)),
            )
            store.request_stop(RUN)

    store = open_store(place, create=False)
    tier = supervisor.admitted_tier()
    asyncio.run(supervisor.resume(store, RUN, tier, notify, extra=f"+{MORE}ev", workers=1))
    assert found is not None
    return found


def _largest_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
