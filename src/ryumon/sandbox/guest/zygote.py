"""The zygote: a warm interpreter that clones one confined child for each request, times it and reports its end.

Started by the supervisor as `python … zygote FD TIER RULESET PRELOAD…`, already inside the lane's own namespaces (tier
A) or Landlock domain (tier B, where RULESET is the descriptor of what its children may read; else it is -1). Of a
task it holds the drivers alone, which run beside candidates; those, cases and answers travel on the stream between
worker and child. It judges nothing.
"""

import contextlib
import gc
import importlib
import math
import os
import random
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from . import child, codec, confine, messages, seccomp
from .descendants import Descendants
from .messages import Cause, Ended, Kill, Prepare, Spawn

_SETUP_FAILED = 97
_PATIENCE_S = 10.0  # with drivers that load


class Running:
    """A child that has not been waited for: its clocks, and what ended it."""

    def __init__(self, spec: Spawn, pid: int, folder: str | None) -> None:
        self.spec = spec
        self.pid = pid
        self.folder = folder
        self.pidfd = os.pidfd_open(pid)
        self.started = time.monotonic()
        self.cause: Cause = "exit"
        self._descendants = Descendants(pid) if spec.processes > 1 else None
        self._check_cpu = self.started + spec.cpu_s / self._parallel()

    def due(self) -> float:
        """Returns when this child must be looked at next."""
        if self.cause != "exit":
            return math.inf
        return min(self._check_cpu, self.started + self.spec.wall_s)

    def check(self, now: float) -> None:
        """Kills the child where a limit is reached; otherwise sets the next look."""
        if now < self.due():
            return
        left = self.spec.cpu_s - self._cpu()
        if left <= 0:
            self.kill("cpu_limit")
        elif now >= self.started + self.spec.wall_s:
            self.kill("wall_limit")
        elif self._descendants is not None:
            self._check_cpu = now + min(0.2, max(0.02, left / self._parallel()))
        else:
            self._check_cpu = now + max(left, 0.001)

    def kill(self, cause: Cause) -> None:
        """Ends the child and everything that it started: a killed first process takes its pid namespace along."""
        if self.cause == "exit":
            self.cause = cause
        if self.folder is not None:
            _quietly(os.killpg, self.pid)
        _quietly(signal.pidfd_send_signal, self.pidfd)

    def reap(self) -> Ended:
        """Waits for the child, which has ended, and returns the report on it."""
        if self.folder is not None:
            _quietly(os.killpg, self.pid)
        _, status, usage = os.wait4(self.pid, 0)
        os.close(self.pidfd)
        if self.folder is not None:
            with contextlib.suppress(ChildProcessError):
                while True:  # what it left behind, killed above and inherited from it
                    os.waitpid(-self.pid, 0)
            _remove(self.folder)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        seen = self._descendants.total if self._descendants is not None else 0.0
        return Ended(
            id=self.spec.id,
            # It may have ended by itself just before it was killed.
            cause=self.cause if killed else "exit",
            exit_code=os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
            signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            cpu_s=max(usage.ru_utime + usage.ru_stime, seen),
            wall_s=time.monotonic() - self.started,
            max_rss_mb=usage.ru_maxrss / 1024,
        )

    def _cpu(self) -> float:
        if self._descendants is not None:
            return self._descendants.scan()
        try:
            return time.clock_gettime((~self.pid) << 3 | 2)
        except OSError:  # already a zombie: its pidfd reports it
            return 0.0

    def _parallel(self) -> int:
        return 1 if self.spec.processes == 1 else min(self.spec.processes, os.cpu_count() or 1)


class Zygote:
    """Serves one worker over `control` until it closes."""

    def __init__(self, control: socket.socket, tier: seccomp.Confined, ruleset: int = -1) -> None:
        self._control = control
        self._tier, self._ruleset = tier, ruleset
        self._running: dict[int, Running] = {}
        self._poll = select.poll()
        self._poll.register(control.fileno(), select.POLLIN)
        programs = {many: seccomp.program(many, tier) for many in (False, True)}
        self._filters = {many: seccomp.Filter(code) for many, code in programs.items() if code is not None}
        self._baseline = confine.address_space()
        self._user, self._group = os.getuid(), os.getgid()

    def serve(self) -> None:
        """Runs until the worker is gone, then kills every child."""
        while True:
            for descriptor, _ in self._poll.poll(self._patience()):
                if descriptor != self._control.fileno():
                    self._report(descriptor)
                elif not self._obey():
                    for running in self._running.values():
                        running.kill("killed")
                        running.reap()
                    return
            now = time.monotonic()
            for running in self._running.values():
                running.check(now)

    def _patience(self) -> float | None:
        """Returns milliseconds until a child must be looked at; None when none runs."""
        if not self._running:
            return None
        due = min(running.due() for running in self._running.values())
        return None if due == math.inf else max(0.0, due - time.monotonic()) * 1000 + 0.5

    def _obey(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, messages.CONTROL, 2, socket.MSG_CMSG_CLOEXEC)
        if not data:
            return False
        message = messages.to_zygote.decode(data)
        if isinstance(message, Kill):
            for running in self._running.values():
                if running.spec.id == message.id:
                    running.kill("killed")
            return True
        if isinstance(message, Prepare):
            prepare(message.drivers)
            self._baseline = confine.address_space()
            return True
        try:
            self._spawn(message, *descriptors)
        except OSError as error:
            self._send(Ended(message.id, "failed", 0, 0, 0.0, 0.0, 0.0, str(error)))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _spawn(self, spec: Spawn, stream: int, log: int) -> None:
        if self._tier == "B" and spec.processes > 1:
            raise OSError("several processes take sandbox tier A or better, and this is tier B")
        folder = _make_folder() if self._tier == "C" else None
        pid = os.fork() if folder is not None else confine.clone(confine.NAMESPACES if self._tier == "A" else 0)
        if pid == 0:
            self._become_child(spec, stream, log, folder)
        try:
            running = Running(spec, pid, folder)
        except OSError:
            # Without its descriptor nothing would ever look at this child again.
            if folder is not None:
                _quietly(os.killpg, pid)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            if folder is not None:
                _remove(folder)
            raise
        self._running[running.pidfd] = running
        self._poll.register(running.pidfd, select.POLLIN)

    def _become_child(self, spec: Spawn, stream: int, log: int, folder: str | None) -> NoReturn:
        try:
            confine.keep_only(stream, log, self._ruleset)
            if self._tier == "A":
                confine.own_session()
                confine.enter_own_files(spec, self._user, self._group)
            elif folder is not None:
                os.setpgid(0, 0)
                os.chdir(folder)
            # Without a user namespace the limit counts all of the user's processes: none at tier B, no limit at tier C.
            processes = {"A": spec.processes, "B": 1, "C": 0}[self._tier]
            confine.limit_resources(spec, self._baseline, processes)
            if self._filters:
                confine.load_filter(self._filters[spec.processes > 1])
            elif self._tier != "C":
                raise OSError("no system-call table for this machine")
        except BaseException as error:  # noqa: BLE001 - nothing of the candidate ran yet; the log says what failed
            os.write(2, f"{type(error).__name__}: {error}".encode())
            os._exit(_SETUP_FAILED)
        try:
            child.serve(spec, confine.WORK if self._tier == "A" else folder, confine.memory_reserve())
        except BaseException as error:  # noqa: BLE001 - must not return into the zygote's loop
            os.write(2, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(1)

    def _report(self, pidfd: int) -> None:
        running = self._running.pop(pidfd)
        self._poll.unregister(pidfd)
        self._send(running.reap())

    def _send(self, message: Ended) -> None:
        with contextlib.suppress(OSError):  # the worker is gone; the next poll says so
            self._control.send(messages.encode(message))


def warm(preload: Sequence[str]) -> None:
    """Imports what children need, uses it once, and moves it out of the garbage collector's way."""
    import linecache  # noqa: F401
    import tokenize  # noqa: F401 - tracebacks read source through these

    import numpy as np
    import numpy.fft
    import numpy.linalg
    import numpy.random

    for name in preload:
        importlib.import_module(name)
    square = np.ones((16, 16))
    numpy.linalg.solve(square @ square + np.eye(16), square)
    np.random.seed(0)
    random.seed(0)
    codec.decode(codec.encode([None, 1, 2.5, "a", {"b": square}]))
    child.rehearse()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    gc.collect()
    gc.freeze()


def prepare(drivers: bytes) -> None:
    """Loads the drivers; where they raise or take too long, each child loads them itself, under its own limits."""

    def stop(*_: object) -> NoReturn:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE_S)
    with contextlib.suppress(BaseException):  # whatever it is, each child meets it too, and says so
        child.prepare(drivers)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    gc.collect()
    gc.freeze()


def main(arguments: Sequence[str]) -> None:
    """Runs the zygote. Arguments: the control socket's descriptor, the tier, the ruleset's descriptor, the modules to
    preload."""
    control = socket.socket(fileno=int(arguments[0]))
    tier = arguments[1]
    assert tier in ("A", "B", "C")
    warm(arguments[3:])
    confine.protect_self()
    if tier == "C":
        confine.inherit_orphans()
    Zygote(control, tier, int(arguments[2])).serve()  # type: ignore[arg-type]


def _make_folder() -> str:
    import tempfile  # tier C only: what it loads would make every clone at tier A slower

    return tempfile.mkdtemp(prefix="ryumon-")


def _remove(folder: str) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _quietly(function: Callable[[int, int], object], target: int) -> None:
    # Gone already; or a group of which only zombies are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        function(target, signal.SIGKILL)
