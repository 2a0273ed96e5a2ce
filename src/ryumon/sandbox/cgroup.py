"""Delegated cgroups (v2), which tier A+ adds to tier A: one for each lane, with a total of memory and of processes, and
ended as a whole.

A cgroup whose children have controllers may hold no process itself, so the supervisor moves into a leaf of its own. It
does so only where it is alone: other programs are never moved. Source: the kernel's `admin-guide/cgroup-v2`.
"""

import os
import select
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

from ryumon.errors import SandboxError
from ryumon.task import Limits

CONTROLLERS = ("memory", "pids")
MOUNTS = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))
_OWN = Path("/proc/self/cgroup")
_LEAF = "ryumon-supervisor"
_LANE = "ryumon-lane"
_ZYGOTE_MB = 1024  # the interpreter, what a task preloads, and bubblewrap
_ZYGOTE_PROCESSES = 16
_AT_A_TIME = 2  # children of one lane
_numbers = count(1)


def delegated(mounts: Sequence[Path] = MOUNTS, own: Path = _OWN) -> Path:
    """Returns the cgroup below which lanes get their own; raises `SandboxError` with the reason where there is none."""
    mount = next((folder for folder in mounts if (folder / "cgroup.controllers").exists()), None)
    if mount is None:
        raise SandboxError("no cgroup v2 is mounted")
    path = next((line[3:] for line in own.read_text().splitlines() if line.startswith("0::")), "/")
    folder = mount / path.strip("/")
    if folder.name == _LEAF:
        return folder.parent
    lacking = set(CONTROLLERS) - set((folder / "cgroup.controllers").read_text().split())
    if lacking:
        raise SandboxError(f"cgroup {path} has no controller for {' and '.join(sorted(lacking))}")
    needed = (folder, folder / "cgroup.procs", folder / "cgroup.subtree_control")
    if not all(os.access(place, os.W_OK) for place in needed):
        raise SandboxError(f"cgroup {path} is not delegated to this user")
    others = set((folder / "cgroup.procs").read_text().split()) - {str(os.getpid())}
    if others:
        raise SandboxError(f"cgroup {path} holds other processes than ryumon's: {', '.join(sorted(others)[:3])}")
    return folder


def lane(folder: Path, limits: Sequence[Limits]) -> Path:
    """Returns a fresh cgroup for a lane whose children keep to one of `limits`, at most two of them at a time."""
    (folder / _LEAF).mkdir(exist_ok=True)
    (folder / _LEAF / "cgroup.procs").write_text(str(os.getpid()))
    (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in CONTROLLERS))
    _sweep(folder)
    made = folder / f"{_LANE}-{os.getpid()}-{next(_numbers)}"
    made.mkdir()
    memory, processes = totals(limits)
    values = {
        "memory.max": memory,
        "memory.swap.max": 0,
        "pids.max": processes,
    }
    for name, value in values.items():
        # Where the kernel counts no swap, there is no file for it.
        if name != "memory.swap.max" or (made / name).exists():
            (made / name).write_text(str(value))
    return made


def totals(limits: Sequence[Limits]) -> tuple[int, int]:
    """Returns the bytes of memory and the processes of a lane with two children that each keep to one of `limits`."""
    # A child's work folder and its log, of `disk_mb` each, are memory too.
    memory = max((each.memory_mb + 2 * each.disk_mb for each in limits), default=0)
    processes = max((each.processes for each in limits), default=1)
    return (_ZYGOTE_MB + _AT_A_TIME * memory) << 20, _ZYGOTE_PROCESSES + _AT_A_TIME * processes


class Capped(subprocess.Popen[bytes]):
    """A process in a cgroup of its own, which is ended and removed with it."""

    cgroup: Path | None = None

    def kill(self) -> None:
        """Kills every process of the cgroup, wherever it was moved to in the tree of processes."""
        if self.cgroup is not None:
            with suppress(OSError):
                (self.cgroup / "cgroup.kill").write_text("1")
        super().kill()

    def wait(self, timeout: float | None = None) -> int:
        """Waits for the process, ends what it left in the cgroup, and removes that."""
        code = super().wait(timeout)
        if self.cgroup is not None:
            with suppress(OSError):
                (self.cgroup / "cgroup.kill").write_text("1")
                _await_empty(self.cgroup)
                self.cgroup.rmdir()
        return code


def _await_empty(folder: Path) -> None:
    """Waits until no process is left in a cgroup whose processes were killed, for a second at most."""
    with (folder / "cgroup.events").open() as events:
        poll = select.poll()
        poll.register(events, select.POLLPRI)
        for _ in range(10):
            events.seek(0)
            if "populated 0" in events.read():
                return
            poll.poll(100)


def _sweep(folder: Path) -> None:
    """Removes lanes in which nothing is left."""
    for old in folder.glob(f"{_LANE}-*"):
        with suppress(OSError):
            old.rmdir()
