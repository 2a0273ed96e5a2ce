"""The worker's side of a lane: opens children through the zygote, calls them, and trusts nothing that they say.

Blocking and single-threaded. Does not score, and sets no deadline of its own: the zygote ends a child at its limits,
which closes the stream that a call waits on.
"""

import math
import os
import secrets
import select
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, NoReturn

import msgspec

from ryumon.errors import RoleError, SandboxError, TaskError
from ryumon.sandbox.guest import codec, messages
from ryumon.sandbox.guest.messages import Build, Call, Ended, Kill, Load, Prepare, Run, Spawn
from ryumon.score import Status
from ryumon.task import Limits

_CHUNK_LEAST, _CHUNK = 1 << 13, 1 << 16
_LIVES_ON_S = 0.5  # after which a child that has closed its stream is killed


class Usage(msgspec.Struct, frozen=True):
    """What a child used, descendants included where it waited for them."""

    cpu_s: float
    wall_s: float
    max_rss_mb: float


class CandidateFailure(Exception):
    """The candidate failed; `status` is how, `reason` says so in words. Raised in the worker by `call` and `drive`.

    `perhaps_outside`: it was killed by a signal that nobody can refuse and that no limit explains, as when the machine
    runs out of memory. Whether the candidate was the cause cannot be told; one that dies so again was.
    """

    def __init__(self, status: Status, reason: str, *, perhaps_outside: bool = False) -> None:
        super().__init__(f"{status}: {reason}")
        self.status: Status = status
        self.reason = reason
        self.perhaps_outside = perhaps_outside


class Claim(msgspec.Struct, frozen=True):
    """What a candidate answered: the value, and the bytes that encode it here, equal for equal answers."""

    value: Any
    encoded: bytes


class Ending(msgspec.Struct, frozen=True):
    """How a child ended. `status` is `ok` unless a call failed or a limit ended it; `log` is what it printed, cut."""

    status: Status
    reason: str
    usage: Usage
    log: str


class Sandbox:
    """Opens children of one lane's zygote, over the worker's end of their SEQPACKET pair. Several may run at once."""

    def __init__(self, zygote: socket.socket) -> None:
        self._zygote = zygote
        self._ids = count(1)
        self._running: set[int] = set()
        self._ended: dict[int, Ended] = {}

    def prepare(self, drivers: str) -> None:
        """Has the zygote load the drivers once, for all children opened with the same; more than a message holds are
        left to each child."""
        message = messages.encode(Prepare(_bytes(drivers)))
        if len(message) <= messages.CONTROL:
            self._tell(message)

    def open(
        self,
        files: Mapping[str, str],
        limits: Limits,
        drivers: str | None = None,
        built: Mapping[str, bytes] | None = None,
    ) -> "Child":
        """Starts a child that holds `files`, and what a build of them has left; nothing runs before its first call."""
        ours, theirs = socket.socketpair()
        log = os.memfd_create("log", os.MFD_CLOEXEC)
        spawn = Spawn(
            next(self._ids),
            limits.cpu_s,
            limits.wall,
            limits.memory_mb,
            limits.disk_mb,
            limits.processes,
            limits.claim_kb,
        )
        try:
            socket.send_fds(self._zygote, [messages.encode(spawn)], [theirs.fileno(), log])
        except OSError as error:
            ours.close()
            os.close(log)
            raise RoleError(f"the sandbox's zygote is gone ({error}); see its stderr") from error
        finally:
            theirs.close()
        self._running.add(spawn.id)
        load = Load(
            tuple((_bytes(path), _bytes(text)) for path, text in files.items()),
            None if drivers is None else _bytes(drivers),
            tuple((_bytes(path), content) for path, content in (built or {}).items()),
        )
        return Child(self, spawn.id, ours, log, limits, load)

    def kill(self, child: int) -> None:
        """Asks the zygote to end a child. One that has ended is left alone."""
        self._tell(messages.encode(Kill(child)))

    def wait(self, child: int) -> Ended:
        """Returns the zygote's report on a child, once it has ended."""
        while child not in self._ended:
            self._take_report()
        return self._ended.pop(child)

    def ends_within(self, child: int, seconds: float) -> bool:
        """Returns whether the zygote reports a child's end before so many seconds have passed."""
        until = time.monotonic() + seconds
        while child not in self._ended:
            if not select.select([self._zygote], [], [], max(0.0, until - time.monotonic()))[0]:
                return False
            self._take_report()
        return True

    def _tell(self, message: bytes) -> None:
        try:
            self._zygote.send(message)
        except OSError as error:
            raise RoleError(f"the sandbox's zygote is gone ({error}); see its stderr") from error

    def _take_report(self) -> None:
        try:
            data = self._zygote.recv(_CHUNK)
        except ConnectionError:
            data = b""
        if not data:
            raise RoleError("the sandbox's zygote ended before its children; see its stderr")
        try:
            report = messages.ended.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise RoleError(f"the sandbox's zygote broke the protocol: {error}") from error
        if report.id not in self._running or not 0 <= report.cpu_s < math.inf:
            raise RoleError(f"the sandbox's zygote reported the end of a child, {report.id}, that does not run")
        self._running.remove(report.id)
        self._ended[report.id] = report


class Child:
    """One sandboxed child. Calls are answered in order; after a failure each further call raises the same."""

    def __init__(self, sandbox: Sandbox, id: int, stream: socket.socket, log: int, limits: Limits, load: Load) -> None:
        self._sandbox = sandbox
        self._id = id
        self._stream = stream
        self._log = log
        self._limits = limits
        self._ready = False
        self._read = bytearray()  # of the stream, and not yet taken
        self._report: Ended | None = None
        self._failure: CandidateFailure | None = None
        self._ending: Ending | None = None
        self._pending = messages.frame(load)  # goes out with the first request

    def call(self, target: str, args: Sequence[Any]) -> Claim:
        """Returns the claim of `file.py:function` called with copies of `args`; raises `CandidateFailure`."""
        return _claim(target, self._exchange(target, args, None))

    def ask(self, target: str, args: Sequence[Any]) -> Any:
        """Returns the value alone of what `call` claims, for loops of thousands of calls that keep no digest."""
        return self._exchange(target, args, None)

    def drive(self, driver: str, target: str, args: Sequence[Any]) -> Claim:
        """Returns the claim of `drivers.py:function` called beside the candidate with its function and `args`."""
        return _claim(target, self._exchange(target, args, driver))

    def run(self, command: Sequence[str], stdin: bytes) -> Claim:
        """Returns the standard output of a command run in the child's work folder; raises `CandidateFailure`."""
        value = self._put(command[0], lambda nonce: Run(nonce, tuple(command), stdin))
        return _claim(command[0], self._of_kind(value, type(value) is bytes))

    def build(self, command: Sequence[str]) -> dict[str, bytes]:
        """Returns the files, by path, that a command has made in the child's work folder; raises `CandidateFailure`."""
        value = self._put(command[0], lambda nonce: Build(nonce, tuple(command)))
        made = value.items() if isinstance(value, dict) else [(None, None)]
        fits = all(_plain(path) and type(content) is bytes for path, content in made)
        found: dict[str, bytes] = self._of_kind(value, fits)
        return found

    def close(self) -> Ending:
        """Ends the child with everything that it started, and returns how it ended and what it used."""
        if self._ending is None:
            if self._report is None:
                self._sandbox.kill(self._id)
            self._ending = self._conclude(self._ended())
            self._stream.close()
            os.close(self._log)
        return self._ending

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exchange(self, target: str, args: Sequence[Any], driver: str | None) -> Any:
        def asked(nonce: bytes) -> Call:
            try:
                return Call(nonce, target, codec.encode(list(args)), driver)
            except codec.CodecError as error:
                raise TaskError(f"{target}: an argument cannot be sent: {error}") from error

        return self._put(target, asked)

    def _put(self, what: str, message: Callable[[bytes], msgspec.Struct]) -> Any:
        """Sends the request that `message` makes of a nonce, and returns the value that answers it."""
        if self._ending is not None:
            raise RoleError(f"{what}: called after its child was closed")
        if self._failure is not None:
            raise self._failure
        nonce = secrets.token_bytes(8)
        try:
            request = message(nonce)
            data = messages.frame(request)
        except UnicodeEncodeError as error:
            raise TaskError(f"{what!a}: no text that can be sent: {error}") from error
        try:
            return self._answer(data, nonce, runs=isinstance(request, Run | Build))
        except CandidateFailure as failure:
            self._failure = failure
            raise

    def _of_kind(self, value: Any, fits: bool) -> Any:
        if not fits:
            self._failure = CandidateFailure("invalid", "broke the protocol: another kind of answer than was asked for")
            raise self._failure
        return value

    def _answer(self, data: bytes, nonce: bytes, *, runs: bool) -> Any:
        try:
            self._stream.sendall(self._pending + data)
            self._pending = b""
            body = self._receive_frame(self._limits.claim_kb * 1024 + messages.OVERHEAD)
        except (ConnectionError, EOFError):
            self._fail_ended()
        try:
            answer = messages.answer.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise CandidateFailure("invalid", f"broke the protocol: {error}") from error
        if not secrets.compare_digest(answer.nonce, nonce):
            raise CandidateFailure("invalid", "answered before it was asked, or something else than it was asked")
        if answer.status != "ok":
            outside = runs and answer.status == "killed"  # else it says so itself, being alive
            raise CandidateFailure(answer.status, answer.message[: messages.MESSAGE_CHARS], perhaps_outside=outside)
        if len(answer.payload) > self._limits.claim_kb * 1024:
            raise CandidateFailure("invalid", f"the answer is longer than {self._limits.claim_kb} kB")
        try:
            return codec.decode(answer.payload)
        except codec.CodecError as error:
            raise CandidateFailure("invalid", f"the answer cannot be used: {error}") from error

    def _receive_frame(self, limit: int) -> bytes:
        """Returns the next frame. What the child writes beyond it waits, and answers no later question: those have
        nonces of their own."""
        if not self._ready:
            self._receive(1)
            if self._read[:1] != messages.READY:
                raise SandboxError("a child began its stream with something else than its readiness")
            del self._read[:1]
            self._ready = True
        self._receive(messages.HEADER)
        length = int.from_bytes(self._read[: messages.HEADER], "big")
        if length > limit:
            raise CandidateFailure("invalid", f"the answer is longer than {self._limits.claim_kb} kB")
        self._receive(messages.HEADER + length)
        body = bytes(self._read[messages.HEADER : messages.HEADER + length])
        del self._read[: messages.HEADER + length]
        return body

    def _receive(self, size: int) -> None:
        while len(self._read) < size:
            part = self._stream.recv(min(max(size - len(self._read), _CHUNK_LEAST), _CHUNK))
            if not part:
                raise EOFError
            self._read += part

    def _fail_ended(self) -> NoReturn:
        """Raises what ended a child that no longer answers."""
        # What ended it is known only if it was not this. But it may have closed its stream and live on.
        if not self._sandbox.ends_within(self._id, _LIVES_ON_S):
            self._sandbox.kill(self._id)
        report = self._ended()
        limited = report.cause in ("cpu_limit", "wall_limit")
        if report.cause == "failed" or not (limited or self._ready or self._was_ready()):
            told = report.note or os.pread(self._log, 2000, 0).decode("utf-8", "replace")
            raise SandboxError(f"a child could not be set up: {told or 'no reason given'}; try `ryumon doctor`")
        status, reason = self._cause(report)
        if status == "ok":
            status, reason = "killed", "closed its stream before it answered"
        outside = report.cause in ("exit", "killed") and report.signal == signal.SIGKILL
        raise CandidateFailure(status, reason, perhaps_outside=outside)

    def _was_ready(self) -> bool:
        """Returns whether a child that has ended said that it was ready: it may have ended while it was written to, by
        what its program's files or build did to it, and its readiness is still unread."""
        with suppress(OSError):
            self._ready = self._stream.recv(1, socket.MSG_DONTWAIT) == messages.READY
        return self._ready

    def _ended(self) -> Ended:
        if self._report is None:
            self._report = self._sandbox.wait(self._id)
        return self._report

    def _cause(self, report: Ended) -> tuple[Status, str]:
        if report.cause == "cpu_limit":
            return "cpu_limit", f"used its {self._limits.cpu_s:g} s of CPU time"
        if report.cause == "wall_limit":
            return "wall_limit", f"took longer than {self._limits.wall:g} s"
        if report.cause == "killed":
            return "ok", ""
        if report.signal:
            return "killed", f"its process ended by {_signal_name(report.signal)}"
        return "killed", f"its process ended with exit code {report.exit_code}"

    def _conclude(self, report: Ended) -> Ending:
        usage = Usage(report.cpu_s, report.wall_s, report.max_rss_mb)
        log = os.pread(self._log, self._limits.log_kb * 1024, 0).decode("utf-8", "replace")
        if self._failure is not None:
            return Ending(self._failure.status, self._failure.reason, usage, log)
        status, reason = self._cause(report)
        return Ending(status, reason, usage, log)


def _claim(target: str, value: Any) -> Claim:
    try:
        return Claim(value, codec.encode(value))
    except codec.CodecError as error:
        raise CandidateFailure("invalid", f"the answer of {target} cannot be used: {error}") from error


def _plain(path: object) -> bool:
    """Returns whether a path is a text that names a file below the folder it is taken in."""
    return type(path) is str and "\0" not in path and not path.startswith("/") and ".." not in path.split("/")


def _bytes(text: str) -> bytes:
    # A text that is no valid UTF-8 is the candidate's own fault, and fails when it is compiled.
    return text.encode("utf-8", "surrogatepass")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
