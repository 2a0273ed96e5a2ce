"""Ending a role's processes, and what CPU time they, or the candidates below them, have used.

Reads `/proc`, which any user may.
"""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")


def killed(processes: Sequence[subprocess.Popen[bytes]]) -> float:
    """Kills processes with all that they started, and returns the CPU seconds that these had used.

    Read from outside, since bubblewrap does not wait for what it starts, whose usage is then nobody's.
    """
    used = tree_cpu_s([process.pid for process in processes if process.poll() is None])
    for process in processes:
        if process.poll() is None:
            # The group too: until its inner process is ready to die with it, killing bubblewrap alone leaves that one.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
    for process in processes:
        process.wait()
    return used


def tree_cpu_s(roots: Sequence[int]) -> float:
    """Returns the CPU seconds of living processes, their living descendants and all that these have waited for."""
    return sum(process.own_s + process.waited_s for process in _below(roots))


def younger_cpu_s(roots: Sequence[int], since: float) -> float:
    """Returns the CPU seconds of what lives below `roots` and was started after `since` (seconds of the clock
    `CLOCK_BOOTTIME`), and of all that has been waited for there."""
    since -= 1 / _TICKS  # births are told in whole ticks, rounded down
    return sum(process.waited_s + (process.own_s if process.born_s > since else 0.0) for process in _below(roots))


class _Process(NamedTuple):
    parent: int
    own_s: float
    waited_s: float
    born_s: float


def _below(roots: Sequence[int]) -> list[_Process]:
    """Returns `roots` and all of their living descendants."""
    found: dict[int, _Process] = {}
    if not roots:
        return []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError):
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()  # a name may be no text
                ticks = [int(field) / _TICKS for field in (*fields[11:15], fields[19])]
                found[int(entry.name)] = _Process(int(fields[1]), ticks[0] + ticks[1], ticks[2] + ticks[3], ticks[4])
    parents = {pid: process.parent for pid, process in found.items()}
    return [process for pid, process in found.items() if _descends(pid, set(roots), parents)]


def _descends(pid: int | None, roots: set[int], parents: dict[int, int]) -> bool:
    while pid is not None and pid not in roots:
        pid = parents.get(pid)
    return pid is not None
