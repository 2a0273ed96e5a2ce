"""Ending a role's processes, and what CPU time they had used. Reads `/proc`, which any user may."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

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
    if not roots:
        return 0.0
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
                ticks[int(entry.name)] = sum(map(int, fields[11:15]))
    return sum(used for pid, used in ticks.items() if _descends(pid, set(roots), parents)) / _TICKS


def _descends(pid: int | None, roots: set[int], parents: dict[int, int]) -> bool:
    while pid is not None and pid not in roots:
        pid = parents.get(pid)
    return pid is not None
