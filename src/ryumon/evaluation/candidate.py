"""The handle by which a task's evaluator reaches a candidate: each call on it crosses into the sandbox.

One child serves all calls of a case (all cases of a stage, where the task says `reuse`); a `session` has its own. The
handle remembers the first failure, so an evaluator that swallows the exception still gets no score.
"""

import hashlib
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ryumon.errors import TaskError
from ryumon.evaluation.builds import Built
from ryumon.sandbox import CandidateFailure, Child, Claim, Ending, Sandbox, codec
from ryumon.task import Limits, Session

LOG_CHARACTERS = 4_000


class Calls:
    """The calls of one child, recorded in the handle that opened it."""

    def __init__(self, handle: "Handle", child: Child) -> None:
        self._handle, self._child = handle, child

    def call(self, target: str, *args: Any) -> Any:
        """Returns the claim of `file.py:function` called with copies of `args`."""
        return self._handle.heard(lambda: self._child.call(target, args))

    def function(self, target: str) -> Callable[..., Any]:
        """Returns `file.py:function` as something to call."""
        return lambda *args: self.call(target, *args)


class Handle:
    """A program under evaluation. Serves cases one after the other; `finish` ends each."""

    def __init__(
        self,
        sandbox: Sandbox,
        files: Mapping[str, str],
        drivers: str | None,
        limits: Limits,
        *,
        strict: bool,
        command: Sequence[str] = (),
        build: Callable[[], Built] | None = None,
    ) -> None:
        self._sandbox, self._files, self._drivers, self._limits = sandbox, files, drivers, limits
        self._strict, self._command, self._build = strict, tuple(command), build
        self._child: Child | None = None
        self._digest = hashlib.blake2b(digest_size=16)
        self.failure: CandidateFailure | None = None
        self.driven = False
        self.cpu_s = 0.0
        self.log = ""

    def call(self, target: str, *args: Any) -> Any:
        """Returns the claim of `file.py:function`, run in this case's child."""
        return self.heard(lambda: self._own().call(target, args))

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Opens a fresh child for many calls, in order."""
        child = self._open()
        try:
            yield Calls(self, child)
        finally:
            self._close(child)

    def drive(self, driver: str, target: str, *args: Any) -> Any:
        """Returns what the driver returns, run beside the candidate, or here on the strict path."""
        self.driven = True
        if not self._strict:
            return self.heard(lambda: self._own(self._drivers).drive(driver, target, args))
        with self._silent_session() as child:
            return self.heard(lambda: self._driven_here(child, driver, target, args))

    def run(self, stdin: str | bytes = "", *, command: Sequence[str] = ()) -> Any:
        """Returns what the program, run as a process, writes to its standard output."""
        words = tuple(map(str, command)) or self._command
        if not words:
            raise TaskError('program.run has no command: write it in task.toml, as in run = ["./main"]')
        if self._limits.processes < 2:
            raise TaskError("program.run starts a process beside the sandbox's own: set limits.processes to 2 or more")
        return self.heard(lambda: self._output(words, stdin))

    def heard(self, ask: Callable[[], Claim]) -> Any:
        """Returns the value of the claim that `ask` gets, and takes it into the case's digest; keeps a failure."""
        if self.failure is not None:
            raise self.failure
        try:
            claim = ask()
        except CandidateFailure as failure:
            self.failure = failure
            raise
        self._digest.update(len(claim.encoded).to_bytes(8, "big") + claim.encoded)
        return claim.value

    def finish(self, *, keep_child: bool) -> bytes:
        """Ends a case, and its child unless `keep_child`; returns the digest of what the candidate claimed in it."""
        if self._child is not None and not (keep_child and self.failure is None):
            self._close(self._child)
            self._child = None
        digest, self._digest = self._digest.digest(), hashlib.blake2b(digest_size=16)
        return digest

    def _own(self, drivers: str | None = None) -> Child:
        if self._child is None:
            self._child = self._open(drivers or self._drivers)
        return self._child

    def _open(self, drivers: str | None = None) -> Child:
        """Opens a child that holds the program, built where the task says so; a failed build is kept as the failure."""
        if self._build is None:
            return self._sandbox.open(self._files, self._limits, drivers)
        built = self._build()
        self.cpu_s += built.cpu_s
        self.log = (self.log + built.log)[-LOG_CHARACTERS:]
        if built.failure is not None:
            self.failure = built.failure
            raise built.failure
        return self._sandbox.open(self._files, self._limits, drivers, built.files)

    def _output(self, words: Sequence[str], stdin: str | bytes) -> Claim:
        claim = self._own().run(words, stdin.encode() if isinstance(stdin, str) else stdin)
        if isinstance(stdin, bytes):
            return claim
        try:
            return Claim(claim.value.decode(), claim.encoded)
        except UnicodeDecodeError as error:
            raise CandidateFailure("invalid", f"the output is not UTF-8 text: {error}") from error

    @contextmanager
    def _silent_session(self) -> Iterator[Child]:
        child = self._open()
        try:
            yield child
        finally:
            self._close(child)

    def _driven_here(self, child: Child, driver: str, target: str, args: Sequence[Any]) -> Claim:
        file, _, name = driver.partition(":")
        function = getattr(importlib.import_module(file.removesuffix(".py")), name)
        try:
            # Through the codec and back, so that a driver sees here what it sees beside the candidate.
            value = function(lambda *inner: child.ask(target, inner), *codec.decode(codec.encode(list(args))))
            encoded = codec.encode(value)
        except CandidateFailure:
            raise
        except Exception as error:  # the driver met an answer that it cannot use: the candidate's failure
            raise CandidateFailure("error", f"{type(error).__name__}: {error}") from error
        return Claim(codec.decode(encoded), encoded)

    def _close(self, child: Child) -> None:
        ending: Ending = child.close()
        self.cpu_s += ending.usage.cpu_s
        self.log = (self.log + ending.log)[-LOG_CHARACTERS:]
