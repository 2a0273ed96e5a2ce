"""A run of `ryumon` that stops after each of its events until it is let on, and what is to be seen of it from outside.

Does not inject anything: `kinds` does, while the supervisor waits.
"""

import contextlib
import ctypes
import fcntl
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, cast

_ROOT = Path(__file__).parents[2]
_SUBREAPER = 36
PATIENCE_S = 120.0
ROLES = {"improver": b"ryumon.improvers.host", "worker": b"ryumon.evaluation.worker", "zygote": b"guest.zygote"}


class Moment(NamedTuple):
    """What the supervisor says after an event: how many there are, whether the last one is the verdict."""

    events: int
    finished: bool


class Session:
    """One command under way. Its standard output is a pipe that nobody reads unless `draining`, before `end`."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._control, theirs = socket.socketpair()
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, 4096)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the session
        self.told: list[tuple[float, int]] = []  # when, in seconds that the supervisor was not kept waiting
        self._held, self._waiting_since = 0.0, cast(float | None, None)
        self.disturbed_at = time.monotonic()
        self.draining = self.hung_up = False
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.driver", str(theirs.fileno()), *arguments],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=self.writer,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._heard = b""

    def moments(self) -> Iterator[Moment]:
        """Yields each moment, with the supervisor waiting; the caller answers by `let_on`. Ends with the process."""
        while (line := self._line()) is not None:
            events, finished = map(int, line.split())
            self._waiting_since = time.monotonic()
            self.told.append((self._waiting_since - self._held, events))
            yield Moment(events, bool(finished))

    def heard(self) -> bool:
        """Returns whether a further moment, or the end, has come."""
        return b"\n" in self._heard or bool(select.select([self._control], [], [], 0)[0])

    def let_on(self, order: str = "go") -> None:
        """Lets the supervisor go on, or do as `order` says and go on."""
        if self._waiting_since is not None:
            self._held += time.monotonic() - self._waiting_since
            self._waiting_since = None
        with contextlib.suppress(ConnectionError):
            self._control.sendall(order.encode() + b"\n")

    def end(self) -> tuple[int, str]:
        """Reads what was printed, waits for the end, and returns the exit code and the standard error."""
        os.close(self.writer)
        while self.reader >= 0 and os.read(self.reader, 1 << 16):
            pass
        self.hang_up()
        code = self.process.wait(PATIENCE_S)
        self._control.close()
        with self._errors as errors:
            errors.seek(0)
            return code, errors.read().decode("utf-8", "replace")

    def hang_up(self) -> None:
        """Closes the pipe's reading end."""
        if self.reader >= 0:
            os.close(self.reader)
        self.reader = -1

    def processes(self, role: str) -> list[int]:
        """Returns the processes of a role, the sandboxes around it included; of a `child`, the candidates'."""
        if role == "child":
            return children_of_zygotes(below(self.process.pid))
        return [pid for pid in below(self.process.pid) if _runs(pid, ROLES[role])]

    def _line(self) -> bytes | None:
        while b"\n" not in self._heard:
            drained = [self.reader] if self.draining and self.reader >= 0 else []
            ready = select.select([self._control.fileno(), *drained], [], [], PATIENCE_S)[0]
            if not ready:
                raise TimeoutError("the run neither goes on nor ends")
            if self.reader in ready:
                os.read(self.reader, 1 << 16)
                continue
            try:
                part = self._control.recv(4096)
            except ConnectionError:
                part = b""
            if not part:
                return None
            self._heard += part
        line, _, self._heard = self._heard.partition(b"\n")
        return line


@contextlib.contextmanager
def adopting() -> Iterator[None]:
    """Makes this process the parent of what its descendants leave behind, so that nothing is left unseen."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        assert libc.prctl(_SUBREAPER, 0, 0, 0, 0) == 0


def await_none_left(known: Sequence[int], patience_s: float = 10.0) -> None:
    """Waits until this process has no descendants but `known`.

    Raises `AssertionError` with their command lines where some stay.
    """
    began = time.monotonic()
    while True:
        left = [pid for pid in below(os.getpid()) if pid not in known and not _reaped(pid)]
        if not left:
            return
        if time.monotonic() - began > patience_s:
            raise AssertionError(f"left behind: {[command_of(pid)[:200] for pid in left]}")
        select.select([], [], [], 0.002)


def below(root: int) -> list[int]:
    """Returns the living descendants of a process."""
    found, rest = [], [root]
    while rest:
        pid = rest.pop()
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                    rest.extend(new := [int(child) for child in file.read().split()])
                    found.extend(new)
        except OSError:
            continue
    return found


def children_of_zygotes(among: Sequence[int]) -> list[int]:
    """Returns those of some processes that run candidates."""
    inner = [pid for pid in among if _runs(pid, ROLES["zygote"], python=True)]
    return [pid for pid in inner if _parent(pid) in inner]


def _reaped(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):  # not ours yet: its own parent still lives
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return False


def command_of(pid: int) -> bytes:
    """Returns a process's command line; nothing where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _runs(pid: int, mark: bytes, *, python: bool = False) -> bool:
    command = command_of(pid)
    return mark in command and (not python or b"bwrap" not in command)


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:
        return 0
