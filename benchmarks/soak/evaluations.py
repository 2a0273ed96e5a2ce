"""One long run whose candidates behave, crash, hang, fork, take memory and talk, by what their text hashes to.

Everything is the product's own: the command, `mutate`, two lanes at tier A, the store. What grows is looked for from
outside: descriptors, processes and memory of each role, temporary files and shared memory.
"""

import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median

import msgspec

from ryumon.archive.journal import stored_evaluations
from ryumon.store import SqlStore
from tests.faults.campaign import ryumon
from tests.faults.session import ROLES, adopting, await_none_left, below, children_of_zygotes, command_of

RUN = "soak"
SAMPLES = 40
LOOK_S = 0.2
MB = 1 << 20
# What may be added from one half of the samples to the other: a share, and as much of the unit.
SHARE, DESCRIPTORS, PROCESSES, FILES, ROLE_MB = 0.1, 4, 4, 2, 16.0
CACHES_MB = 400.0  # up to which the improver's two caches of 300,000 syntax nodes each may fill
INDEX_MB = 0.002  # for each evaluation in between: what supervisor and improver know of every program

TOML = """
name = "soak"
direction = "minimize"
editable = ["f.py"]
vocabulary = "arithmetic"
splits = "one"
[limits]
cpu_s = 0.1
wall_s = 1.0
memory_mb = 64
disk_mb = 2
processes = 8
"""
SEED = "def f(x):\n    y = x * 0.5\n    z = y + 1.0\n    return y * z\n"
TASK = """
from ryumon import Case, Result, Task
from ryumon.evaluation.claims import number


class Soak(Task):
    def cases(self, split, seed):
        return [Case("only", 0.5)]

    def evaluate(self, program, case):
        value = number(program.call("f.py:f", case.data))
        program.call("ways.py:act")
        return Result(score=abs(value - 0.7390851332151607))
"""
# In a thousand: 100 fail in one of eight ways. Each is bounded, should the sandbox not be what bounds it.
WAYS = """
import os, signal, time, zlib


def act():
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "f.py"), "rb") as file:
        number = zlib.crc32(b"SALT" + file.read()) % 1000
    if number < 100:
        (raises, exits, faults, spins, sleeps, starts, fills, talks)[
            0 if number < 20 else 1 if number < 30 else 2 if number < 40 else 3 if number < 43 else
            4 if number < 45 else 5 if number < 75 else 6 if number < 85 else 7]()


def raises():
    raise ValueError("as it does")


def exits():
    os._exit(3)


def faults():
    os.abort()


def spins():
    until = time.monotonic() + 20
    while time.monotonic() < until:
        pass


def sleeps():
    time.sleep(20)


def starts():
    for _ in range(6):
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
    raise ValueError("left six behind")


def fills():
    kept = [bytearray(16 << 20) for _ in range(16)]
    raise ValueError(f"was given {len(kept)} times 16 MiB")


def talks():
    for _ in range(64):
        print("x" * (1 << 16), flush=True)
    raise ValueError("was let talk")
"""


class Sample(msgspec.Struct, frozen=True):
    """What was seen at a moment. By role: memory in MB, and descriptors, the most of one process."""

    events: int
    seconds: float
    rss_mb: dict[str, float]
    descriptors: dict[str, int]
    processes: int
    temporary: int
    shared: int


def soak(folder: Path, wanted: int, seed: int) -> list[str]:
    """Runs so many evaluations; prints what was seen along the way, and returns what grew or was left."""
    task = write_task(folder / "task")
    temporary = folder / "tmp"
    temporary.mkdir()
    command = [sys.executable, "-m", "ryumon.cli", "run", str(task), "--budget", f"{wanted}ev", "--seed", str(seed)]
    command += ["--store", str(folder / "store"), "--name", RUN, "--workers", "2", "--test-seed", "7"]
    known, shared = below(os.getpid()), len(os.listdir("/dev/shm"))
    with adopting():
        log = (folder / "log").open("wb")
        run = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "TMPDIR": str(temporary)})
        samples = _watched(run, folder / "store", temporary, wanted)
        await_none_left(known)
    log.close()
    print((folder / "log").read_text().splitlines()[-1] if run.returncode else "", flush=True)
    complaints = [] if run.returncode == 0 else [f"the run ended with {run.returncode}"]
    complaints += _left(temporary, shared)
    audited = ryumon("audit", RUN, "--store", str(folder / "store"))
    complaints += [audited.stderr] if audited.returncode else []
    statuses = Counter(record.status for record in stored_evaluations(SqlStore(folder / "store"), RUN))
    outcomes = ", ".join(f"{status} {number}" for status, number in statuses.most_common())
    print(f"\n{wanted} evaluations in {samples[-1].seconds if samples else 0.0:.0f} s: {outcomes}")
    _print(samples)
    return complaints + grown(samples)


def write_task(folder: Path) -> Path:
    """Writes the task, salted so that its seed is one of the programs that behave; returns its folder."""
    import zlib

    salt = next(n for n in range(1000) if zlib.crc32(f"{n}{SEED}".encode()) % 1000 >= 100)
    (folder / "seed").mkdir(parents=True)
    (folder / "task.toml").write_text(TOML)
    (folder / "brief.md").write_text("Come close to the fixed point.\n")
    (folder / "task.py").write_text(TASK)
    (folder / "seed" / "f.py").write_text(SEED)
    (folder / "seed" / "ways.py").write_text(WAYS.replace("SALT", str(salt)))
    return folder


def _watched(run: "subprocess.Popen[bytes]", store: Path, temporary: Path, wanted: int) -> list[Sample]:
    """Samples until the run ends, each time that a share of the evaluations is through."""
    began, samples, step = time.monotonic(), list[Sample](), max(1, wanted // SAMPLES)
    while run.poll() is None:
        time.sleep(LOOK_S)
        events = _events(store)
        if events >= step * (len(samples) + 1):
            seen = _seen(run.pid, temporary, events, time.monotonic() - began)
            if {"supervisor", "improver", "worker", "zygote"} <= seen.rss_mb.keys():
                samples.append(seen)
    return samples


def _events(store: Path) -> int:
    if not (store / "store.db").exists():
        return 0
    try:
        connection = sqlite3.connect(f"file:{store / 'store.db'}?mode=ro", uri=True)
        with connection:
            found = connection.execute("SELECT max(seq) FROM events WHERE run = ?", (RUN,)).fetchone()[0]
        connection.close()
    except sqlite3.Error:
        return 0
    return int(found or 0)


def _seen(supervisor: int, temporary: Path, events: int, seconds: float) -> Sample:
    processes = below(supervisor)
    candidates = set(children_of_zygotes(processes))
    rss_mb: dict[str, float] = {}
    descriptors: dict[str, int] = {}
    for pid in (supervisor, *processes):
        role = "supervisor" if pid == supervisor else _role(pid)
        if role is None or pid in candidates:
            continue
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            opened = len(os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            continue
        rss_mb[role] = max(rss_mb.get(role, 0.0), pages * os.sysconf("SC_PAGESIZE") / MB)
        descriptors[role] = max(descriptors.get(role, 0), opened)
    files = sum(len(names) for _, _, names in os.walk(temporary))
    started = {pid for child in candidates for pid in (child, *below(child))}
    lasting = [pid for pid in processes if pid not in started]  # what has ended and was not waited for included
    return Sample(events, seconds, rss_mb, descriptors, len(lasting), files, len(os.listdir("/dev/shm")))


def _role(pid: int) -> str | None:
    """Returns whose program a process runs; None for what confines it, and for what has ended."""
    command = command_of(pid)
    return next((role for role, mark in ROLES.items() if mark in command and b"bwrap" not in command), None)


def _left(temporary: Path, shared: int) -> list[str]:
    left = [str(path) for path in temporary.rglob("*")]
    more = len(os.listdir("/dev/shm")) - shared
    return [f"temporary files left: {left}"] * bool(left) + [f"{more} more files in /dev/shm"] * (more > 0)


def _print(samples: list[Sample]) -> None:
    roles = ["supervisor", *ROLES]
    print("\n| events | s | " + " | ".join(f"{role}: MB, descriptors" for role in roles) + " | processes | files |")
    print("|---|---|" + "---|" * len(roles) + "---|---|")
    for sample in samples[:: max(1, len(samples) // 10)]:
        figures = " | ".join(f"{sample.rss_mb[role]:.1f}, {sample.descriptors[role]}" for role in roles)
        files = sample.temporary + sample.shared
        print(f"| {sample.events} | {sample.seconds:.0f} | {figures} | {sample.processes} | {files} |")
    print(flush=True)


def grown(samples: list[Sample]) -> list[str]:
    """Returns what the last quarter of the samples has more of than the second, beyond its tolerance.

    The first quarter is left out: until then lanes start, and interpreters and allocators reach their size.
    """
    quarter = len(samples) // 4
    before, after = samples[quarter : 2 * quarter], samples[-quarter:]
    if not before:
        return [f"only {len(samples)} samples: nothing can be said"]
    between = median(s.events for s in after) - median(s.events for s in before)

    def compared(what: str, values: list[list[float]], allowed: float, least: float = 0.0) -> list[str]:
        old, new = (median(part) for part in values)
        return [f"{what} grew from {old:g} to {new:g}"] if new > max(old * (1 + SHARE) + allowed, least) else []

    found: list[str] = []
    for role in ("supervisor", *ROLES):
        index = INDEX_MB * between if role in ("supervisor", "improver") else 0.0
        memory = [[s.rss_mb[role] for s in part] for part in (before, after)]
        descriptors = [[float(s.descriptors[role]) for s in part] for part in (before, after)]
        found += compared(f"memory of the {role}, MB,", memory, ROLE_MB + index, CACHES_MB * (role == "improver"))
        found += compared(f"descriptors of the {role}", descriptors, DESCRIPTORS)
    for name, allowed in (("processes", PROCESSES), ("temporary", FILES), ("shared", FILES)):
        found += compared(name, [[float(getattr(s, name)) for s in part] for part in (before, after)], allowed)
    return found
