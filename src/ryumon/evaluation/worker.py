"""The evaluator worker: the process that holds a task's trusted code, its cases and its clock.

It serves one supervisor over one socket and one zygote over another, holds no key and no store, and judges one
evaluation at a time. Run by the engine as `python -m ryumon.evaluation.worker SUPERVISOR_FD ZYGOTE_FD`.
"""

import hashlib
import importlib.util
import re
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path

import msgspec

from ryumon.engines.messages import (
    Answer,
    Boot,
    Describe,
    Described,
    Evaluate,
    Evaluated,
    Probed,
    Proceed,
    Refused,
    Request,
    Seen,
    Unable,
)
from ryumon.errors import RoleError, SandboxError, TaskError
from ryumon.evaluation.builds import Builder
from ryumon.evaluation.candidate import Handle
from ryumon.evaluation.claims import InvalidClaim
from ryumon.sandbox import CandidateFailure, Sandbox, codec
from ryumon.score import CaseResult, Result, Status
from ryumon.task import Case, Split, Task
from ryumon.wire import Channel

REASON_CHARACTERS = 2_000
FEEDBACK_CHARACTERS = 2_000
LARGEST_SCORE = 1e150
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")


def load_task(folder: Path) -> type[Task]:
    """Returns the one `Task` subclass that `task.py` defines; the folder is first on the path while it loads."""
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("ryumon_task", folder / "task.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ryumon_task"] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # any error of the task's own code is reported as one line
        raise TaskError(f"task.py does not load: {type(error).__name__}: {error}") from error
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Task) and value.__module__ == "ryumon_task"
    ]
    if len(found) != 1:
        raise TaskError(f"task.py defines {len(found)} subclasses of Task; define one")
    return found[0]


class Judge:
    """Evaluates programs on the cases of one task."""

    def __init__(self, task: Task, boot: Boot, sandbox: Sandbox) -> None:
        self._task, self._boot, self._sandbox = task, boot, sandbox
        self._builder = Builder(sandbox, boot.spec.build) if boot.spec.build is not None else None
        self.cases = lru_cache(maxsize=4)(self._cases)
        self.probe = lru_cache(maxsize=1)(self._probe)

    def _cases(self, split: Split, seed: int) -> tuple[Case, ...]:
        cases = _made(f"cases({split!r})", lambda: self._task.cases(split, seed))
        if not cases or not all(isinstance(case, Case) for case in cases):
            raise TaskError(f"cases({split!r}) must give at least one Case")
        if len({case.id for case in cases}) < len(cases):
            raise TaskError(f"cases({split!r}) gives two cases one id")
        return cases

    def _probe(self, seed: int) -> tuple[Case, ...]:
        cases = _made("probe()", lambda: self._task.probe(seed))
        if not all(isinstance(case, Case) for case in cases):
            raise TaskError("probe() must give Cases")
        return cases

    def evaluate(self, request: Evaluate, seen: Seen) -> Evaluated:
        """Returns what the program is worth on the cases asked for; the first failure ends it.

        Where its process was killed, and by nothing here, all of them are run once more: the second time it stands.
        """
        found, outside = self._attempt(request, seen)
        if not outside:
            return found
        again, _ = self._attempt(msgspec.structs.replace(request, probe=False), seen)
        return msgspec.structs.replace(again, probe=found.probe, cpu_s=found.cpu_s + again.cpu_s)

    def _attempt(self, request: Evaluate, seen: Seen) -> tuple[Evaluated, bool]:
        """Returns an evaluation, and whether it may have been cut short from outside."""
        spec = self._boot.spec
        cases = self.cases(request.split, request.seed)
        handle = self._handle(request)
        results: list[CaseResult] = []
        behaviours: list[bytes] = []
        status, reason, probe = self._probed(handle, request, seen) if request.probe else ("ok", "", b"")
        outside = handle.failure is not None and handle.failure.perhaps_outside
        for position in request.cases if status == "ok" else ():
            outcome = self._case(handle, cases[position])
            outside = outside or (handle.failure is not None and handle.failure.perhaps_outside)
            behaviours.append(handle.finish(keep_child=spec.reuse and position != request.cases[-1]))
            if isinstance(outcome, CaseResult):
                results.append(outcome)
                continue
            status, reason = outcome
            first_try = status == "cpu_limit" and not request.last
            if spec.worst_score is None or status.startswith("evaluator") or first_try:
                break
            results.append(CaseResult(cases[position].id, spec.worst_score, feedback=f"{status}: {reason}"))
            handle.failure, status = None, "ok"
        found = Evaluated(
            id=request.id,
            status=status,
            results=tuple(results),
            reason=_repeatable(reason)[:REASON_CHARACTERS],
            log=_repeatable(handle.log),
            behaviours=tuple(behaviours[: len(results)]),
            probe=probe,
            driven=handle.driven,
            cpu_s=handle.cpu_s,
        )
        return found, outside

    def _probed(self, handle: Handle, request: Evaluate, seen: Seen) -> tuple[Status, str, bytes]:
        """Returns `ok`, `echo`, or how the program failed on the probe; why; and the digest of what it claimed there.

        Its child lives on for the first case. Where a failed case has a worst score, only the cases decide.
        """
        cases = self.probe(request.seed)
        digest = hashlib.blake2b(digest_size=16)
        for case in cases:
            outcome = self._case(handle, case)
            digest.update(handle.finish(keep_child=True))
            if isinstance(outcome, CaseResult):
                continue
            if self._boot.spec.worst_score is None:
                return *outcome, b""
            handle.failure = None
            return "ok", "", b""
        if not cases or not seen(digest.digest()):
            return "ok", "", digest.digest() if cases else b""
        handle.finish(keep_child=False)
        return "echo", "", digest.digest()

    def _handle(self, request: Evaluate) -> Handle:
        spec, builder = self._boot.spec, self._builder
        return Handle(
            self._sandbox,
            request.files,
            self._boot.drivers,
            spec.limits.scaled(request.patience),
            strict=request.strict,
            command=spec.run or _script(spec.editable),
            build=None if builder is None else lambda: builder.built(request.files, request.patience),
        )

    def _where(self, error: Exception) -> str:
        """Returns the place in the task's own files where an error came up."""
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if Path(frame.filename).parent == self._task.folder]
        return f" ({Path(own[-1].filename).name}, line {own[-1].lineno}, in {own[-1].name})" if own else ""

    def _case(self, handle: Handle, case: Case) -> CaseResult | tuple[Status, str]:
        try:
            result = self._task.evaluate(handle, case)
        except CandidateFailure as failure:
            return failure.status, failure.reason
        except InvalidClaim as error:
            return "invalid", str(error)
        except (RoleError, SandboxError):
            raise  # the lane is broken, not the program: this worker ends, and its lane starts afresh
        except Exception as error:  # noqa: BLE001  the claim made the evaluator fail: it costs this evaluation and is recorded
            return _failed(handle) or ("evaluator_error", f"{type(error).__name__}: {error}{self._where(error)}")
        return _failed(handle) or _checked(result, case)


def _made(what: str, make: Callable[[], Sequence[Case]]) -> tuple[Case, ...]:
    """Returns what the task's own code makes; whatever it raises is a `TaskError`."""
    try:
        return tuple(make())
    except Exception as error:  # any error of the task's own code is reported as one line
        raise TaskError(f"{what} raised {type(error).__name__}: {error}") from error


def _script(editable: Sequence[str]) -> tuple[str, ...]:
    """Returns how to run a program whose one editable file is Python; nothing for any other."""
    return ("python", editable[0]) if len(editable) == 1 and editable[0].endswith(".py") else ()


def _repeatable(text: str) -> str:
    """Returns a text without addresses, which differ from run to run."""
    return _ADDRESS.sub("0x...", text)


def _failed(handle: Handle) -> tuple[Status, str] | None:
    return None if handle.failure is None else (handle.failure.status, handle.failure.reason)


def _checked(result: object, case: Case) -> CaseResult | tuple[Status, str]:
    if not isinstance(result, Result):
        return "evaluator_error", f"evaluate returned {type(result).__name__}, not a Result"
    try:
        score = float(result.score)
        metrics = {str(name): float(value) for name, value in result.metrics.items()}
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        return "evaluator_error", f"the Result holds no number: {error}"
    if not abs(score) <= LARGEST_SCORE:
        return "evaluator_error", f"the evaluator's score is {score}; a score is finite, and at most {LARGEST_SCORE:g}"
    return CaseResult(case.id, score, metrics, str(result.feedback)[:FEEDBACK_CHARACTERS])


def _digest(case: Case) -> bytes:
    """Returns a digest of a case's data, empty where it is more than plain data."""
    try:
        return hashlib.blake2b(codec.encode([case.data]), digest_size=16).digest()
    except codec.CodecError:
        return b""


def answered(judge: Judge, request: Request, seen: Seen) -> Answer:
    """Returns the answer to a request; an error of the task's own, or of the sandbox's, is one too."""
    try:
        if isinstance(request, Describe):
            cases = judge.cases(request.split, request.seed)
            return Described(request.id, tuple(case.id for case in cases), tuple(_digest(case) for case in cases))
        return judge.evaluate(request, seen)
    except TaskError as error:
        return Refused(request.id, str(error))
    except SandboxError as error:
        return Unable(request.id, str(error))


def _seen(channel: Channel, id: int, behaviour: bytes) -> bool:
    """Asks the supervisor whether a behaviour on the probe is known."""
    channel.send(Probed(id, behaviour))
    answer = channel.receive()
    if not isinstance(answer, Proceed) or answer.id != id:
        raise RoleError("the supervisor answered a probe that is not outstanding")
    return not answer.on


def main(arguments: Sequence[str]) -> None:
    """Serves until the supervisor hangs up. The first answer, number 0, says whether the task loaded."""
    supervisor_fd, zygote_fd = map(int, arguments)
    channel = Channel(socket.socket(fileno=supervisor_fd), Boot | Request | Proceed)
    boot: Boot = channel.receive()
    try:
        kind = load_task(Path(boot.folder))
        task = kind()
    except Exception as error:  # noqa: BLE001  any error of the task's own code is reported as one line
        channel.send(Refused(0, str(error) if isinstance(error, TaskError) else f"{type(error).__name__}: {error}"))
        return
    task.spec, task.folder = boot.spec, Path(boot.folder)
    sandbox = Sandbox(socket.socket(fileno=zygote_fd))
    if boot.drivers is not None:
        sandbox.prepare(boot.drivers)
    judge = Judge(task, boot, sandbox)
    channel.send(Described(0, ()))
    while True:
        try:
            request: Request = channel.receive()
            answer = answered(judge, request, partial(_seen, channel, request.id))
        except EOFError:
            return
        channel.send(answer)


if __name__ == "__main__":
    main(sys.argv[1:])
