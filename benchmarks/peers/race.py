"""Runs one command to its end or to a limit, and samples its process tree: CPU time, resident memory, iterations."""

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

EVERY_S = 0.1
TOKEN = "PEERS_RUN"
_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sample:
    """The tree at one moment; `rss_mb` counts a page once for each process that maps it."""

    at: float
    done: int
    cpu_s: float
    rss_mb: float


@dataclass(frozen=True)
class Mark:
    """What the first `size` iterations took, from the first one on."""

    size: int
    a_second: float
    cpu_ms: float
    peak_mb: float


@dataclass(frozen=True)
class Outcome:
    """How a run went. `left`: processes of it that were still there when its first one had ended."""

    seconds: float
    in_time: bool
    exit_code: int | None
    left: int
    samples: list[Sample]


class Tail:
    """The numbers that a command prints, a line each: when it came through each iteration."""

    def __init__(self, path: Path) -> None:
        self._path, self._read = path, 0
        self._times: list[float] = []

    def __call__(self) -> Sequence[float]:
        """Returns all so far."""
        with self._path.open("rb") as file:
            file.seek(self._read)
            whole, _, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + 1 if whole else 0
        for line in whole.splitlines():
            with suppress(ValueError):
                self._times.append(float(line))
        return self._times


def run(
    command: Sequence[str],
    *,
    times: Callable[[], Sequence[float]],
    folder: Path,
    environment: Mapping[str, str],
    limit_s: float,
) -> Outcome:
    """Runs a command in `folder`, its output into `folder`/output.txt, until it ends or `limit_s` have passed.

    `times` says when each iteration came, on the clock of `time.monotonic`.
    """
    token = secrets.token_hex(8)
    began = time.monotonic()
    samples: list[Sample] = []
    seen: dict[int, str] = {}
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, TOKEN: token},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            while process.poll() is None and time.monotonic() - began < limit_s:
                samples.append(_sample(process.pid, len(times()), seen))
                time.sleep(EVERY_S)
            in_time = process.poll() is not None
            seconds = time.monotonic() - began
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            left = {pid for pid, started in seen.items() if _started(pid) == started} | _of_run(token)
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    return Outcome(seconds, in_time, process.returncode if in_time else None, len(left) if in_time else 0, samples)


def mark(size: int, times: Sequence[float], samples: Sequence[Sample]) -> Mark | None:
    """Returns what `size` iterations took; None where they were not reached."""
    inside = [sample for sample in samples if sample.done > 0]
    until = next((number for number, sample in enumerate(inside) if sample.done >= size), len(inside) - 1)
    if len(times) < size or not inside:
        return None
    first, last = inside[0], inside[until]
    done = last.done - first.done
    peak = max(sample.rss_mb for sample in samples if sample.at <= last.at)
    cpu_ms = 1000 * (last.cpu_s - first.cpu_s) / done if done else 0.0
    return Mark(size, (size - 1) / (times[size - 1] - times[0]), cpu_ms, peak)


def _sample(root: int, done: int, seen: dict[int, str]) -> Sample:
    """Returns the state of the tree below `root`, and adds its processes to `seen`, with when each was started."""
    parents: dict[int, int] = {}
    cpu: dict[int, float] = {}
    rss: dict[int, float] = {}
    started: dict[int, str] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError, ValueError):
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                pid = int(entry.name)
                parents[pid] = int(fields[1])
                cpu[pid] = sum(map(int, fields[11:15])) / _TICKS
                started[pid], rss[pid] = fields[19], int(fields[21]) * _PAGE / 2**20
    tree = [pid for pid in parents if _descends(pid, root, parents)]
    seen.update((pid, started[pid]) for pid in tree)
    return Sample(time.monotonic(), done, sum(cpu[pid] for pid in tree), sum(rss[pid] for pid in tree))


def _descends(pid: int, root: int, parents: Mapping[int, int]) -> bool:
    while pid != root and pid in parents:
        pid = parents[pid]
    return pid == root


def _started(pid: int) -> str:
    """Returns when a living process was started, "" for one that is gone or waits to be reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def _of_run(token: str) -> set[int]:
    """Returns the processes that carry the run's token in their environment."""
    found = set()
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError):
                if f"{TOKEN}={token}".encode() in Path(entry.path, "environ").read_bytes().split(b"\0"):
                    found.add(int(entry.name))
    return found
