"""The engine on this machine: lanes, each an evaluator worker and its zygote, started when first needed.

A lane whose worker dies, hangs or is cancelled is killed whole and started afresh at its next request.
"""

import asyncio
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

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
    misfit,
)
from ryumon.engines.processes import killed, younger_cpu_s
from ryumon.errors import RoleError, TaskError
from ryumon.sandbox import Interpreter, Tier, check_serves, python_of, start_role, start_zygote
from ryumon.task import Limits, TaskFolder, TaskSpec
from ryumon.wire import AsyncChannel

START_S = 60.0
ATTEMPTS = 3
MOST_BYTES = 16 << 20  # of a worker's answer: some kilobytes for each case


class Lane:
    """One worker and its zygote."""

    def __init__(self, task: TaskFolder, tier: Tier, python: Interpreter | None) -> None:
        self._task, self._tier, self._python = task, tier, python
        self._processes: list[subprocess.Popen[bytes]] = []
        self._channel: AsyncChannel | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the lane
        self._number = 0
        self._ready_at = 0.0
        self._busy = False
        self._before_s = self._answered_s = 0.0
        self.cpu_s = 0.0

    async def ask(self, request: Request, seen: Seen | None = None) -> Answer:
        """Returns the worker's answer, from a fresh start each time that the lane breaks.

        A request that breaks it `ATTEMPTS` times, once the lane is ready for it, is at fault itself. Raises `RoleError`
        where the lane does not even get that far, which is no program's doing, and `TaskError` where the task does not
        load.
        """
        outcome: Answer | RoleError = RoleError("the lane was never tried")
        for _ in range(ATTEMPTS):
            try:
                await self._ready()
            except RoleError as error:
                outcome = RoleError(f"{self._broke(error)}; `ryumon doctor` looks at the sandbox, then `ryumon resume`")
                continue
            try:
                async with asyncio.timeout(self._deadline(request)):
                    answer = await self._exchange(request, seen)
            except TimeoutError:
                self.kill()
                return _failed(request, "evaluator_timeout", "the evaluator outlasted its deadline")
            except RoleError as error:
                outcome = _failed(request, "evaluator_error", self._broke(error))
                continue
            except BaseException:
                self.kill()
                raise
            if not isinstance(answer, Unable):
                return answer
            self.kill()
            outcome = RoleError(f"{answer.reason}; then `ryumon resume`")
        if isinstance(outcome, RoleError):
            raise outcome
        return outcome

    async def _ready(self) -> None:
        """Starts the lane where it is not running; raises `RoleError` where that fails."""
        if self._channel is not None:
            return
        try:
            async with asyncio.timeout(START_S):
                await self._start()
        except TimeoutError:
            raise RoleError(f"not ready within {START_S:g} s") from None
        except OSError as error:
            raise RoleError(f"cannot be started: {error}") from error
        except RoleError:
            raise
        except BaseException:
            self.kill()
            raise

    def _broke(self, error: RoleError) -> str:
        """Ends the broken lane; returns what is known of why."""
        reason = f"the evaluator worker failed: {self._last_words() or error}"
        self.kill()
        return reason

    def kill(self) -> None:
        """Ends the lane's processes at once; their sandboxes take every descendant with them."""
        self._before_s, self._answered_s, self._busy = self.candidates_cpu_s(), 0.0, False
        if self._channel is not None:
            self._channel.close()
        self.cpu_s += killed(self._processes)
        self._processes, self._channel = [], None

    def close(self) -> None:
        """Ends the lane for good."""
        self.kill()
        self._errors.close()

    def candidates_cpu_s(self) -> float:
        """Returns the CPU seconds that candidates of this lane have used: as answered, and as seen of one that runs."""
        used = self._answered_s
        if self._busy:
            used = max(used, younger_cpu_s([process.pid for process in self._processes], self._ready_at))
        return self._before_s + used

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        worker_end, zygote_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors.seek(0)
        self._errors.truncate()
        own = [self._task.path, *map(Path, self._task.spec.paths.values())]
        with theirs, worker_end, zygote_end:
            zygote = start_zygote(
                zygote_end.fileno(),
                tier=self._tier,
                preload=self._task.spec.preload,
                hidden=own,
                python=self._python,
                data=self._task.spec.data,
                most=_limits(self._task.spec),
                stderr=self._errors,
            )
            self._processes.append(zygote)
            worker = start_role(
                ["-m", "ryumon.evaluation.worker", str(theirs.fileno()), str(worker_end.fileno())],
                tier=self._tier,
                pass_fds=(theirs.fileno(), worker_end.fileno()),
                read_only=[*own, *map(Path, self._task.spec.data.values())],
                data=self._task.spec.data,
                stderr=self._errors,
            )
            self._processes.append(worker)
        self._channel = await AsyncChannel.over(ours, Answer | Probed, MOST_BYTES)
        await self._channel.send(Boot(str(self._task.path), self._task.spec, self._task.drivers))
        answer = await self._channel.receive()
        if isinstance(answer, Refused):
            raise TaskError(f"{self._task.path / 'task.py'}: {answer.reason}")
        if not isinstance(answer, Described):
            raise RoleError("the worker answered before it was asked")
        self._ready_at = time.clock_gettime(time.CLOCK_BOOTTIME)

    async def _exchange(self, request: Request, seen: Seen | None) -> Answer:
        assert self._channel is not None
        self._number += 1
        request = msgspec.structs.replace(request, id=self._number)
        self._busy = True
        await self._channel.send(request)
        answer: Answer | Probed = await self._channel.receive()
        echo = False
        if isinstance(answer, Probed) and answer.id == request.id and seen is not None:
            echo = seen(answer.behaviour)
            await self._channel.send(Proceed(request.id, not echo))
            answer = await self._channel.receive()
        if isinstance(answer, Probed):
            raise RoleError("the worker asked about a probe that is not outstanding")
        if wrong := misfit(request, answer, echo):
            raise RoleError(wrong)
        self._busy = False
        if isinstance(answer, Evaluated):
            self._answered_s += answer.cpu_s
        return answer

    def _deadline(self, request: Request) -> float:
        spec = self._task.spec
        if isinstance(request, Describe):
            return spec.evaluator_s
        strict = 2 if request.strict else 1
        build = spec.build.limits.scaled(request.patience).wall if spec.build is not None else 0.0
        cases = len(request.cases) + request.probe
        return build + strict * cases * (spec.limits.scaled(request.patience).wall + spec.evaluator_s)

    def _last_words(self) -> str:
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - 2000))
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""


class LocalEngine:
    """`workers` lanes on this machine."""

    def __init__(self, task: TaskFolder, tier: Tier, workers: int) -> None:
        check_serves(tier, task.spec)
        python = python_of(task)
        self._lanes = [Lane(task, tier, python) for _ in range(workers)]
        self._free: asyncio.LifoQueue[Lane] = asyncio.LifoQueue()
        for lane in reversed(self._lanes):
            self._free.put_nowait(lane)
        self._gate = asyncio.Lock()

    async def ask(self, request: Request, *, alone: bool = False, seen: Seen | None = None) -> Answer:
        """Returns a worker's answer, as the first free lane gives it; `alone` holds every lane meanwhile."""
        async with AsyncExitStack() as stack:
            if alone:
                await stack.enter_async_context(self._gate)
            lane = await stack.enter_async_context(self._held())
            for _ in range(len(self._lanes) - 1 if alone else 0):
                await stack.enter_async_context(self._held())
            return await lane.ask(request, seen)

    def candidates_cpu_s(self) -> float:
        """Returns the CPU seconds that candidates have used so far, those that are running included."""
        return sum(lane.candidates_cpu_s() for lane in self._lanes)

    def close(self) -> float:
        """Ends every process of every lane; returns the CPU seconds that they have used."""
        for lane in self._lanes:
            lane.close()
        return sum(lane.cpu_s for lane in self._lanes)

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[Lane]:
        lane = await self._free.get()
        try:
            yield lane
        finally:
            self._free.put_nowait(lane)


def _limits(spec: TaskSpec) -> list[Limits]:
    return [spec.limits] if spec.build is None else [spec.limits, spec.build.limits]


def _failed(request: Request, status: Literal["evaluator_error", "evaluator_timeout"], reason: str) -> Answer:
    if isinstance(request, Evaluate):
        return Evaluated(id=request.id, status=status, reason=reason)
    return Refused(request.id, reason)
