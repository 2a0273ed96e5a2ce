"""The supervisor's end of an improver: starts its process, asks, tells. Never parses a program."""

import asyncio
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ryumon.engines.processes import killed
from ryumon.errors import BadInput, RoleError
from ryumon.improvers.messages import (
    Answer,
    Ask,
    Broken,
    Export,
    Exported,
    Known,
    Open,
    Opened,
    Programs,
    Proposed,
    Recall,
    Request,
    Restore,
    Restored,
    Tell,
    Wanted,
)
from ryumon.program import Program
from ryumon.sandbox import Tier, start_role
from ryumon.score import Evaluation, Outline
from ryumon.wire import AsyncChannel, one_line

ASK_S = 120.0
AT_ONCE = 4096  # records in a frame
MOST_BYTES = 4 << 20  # of an answer: a program is 256 kB at most


class ImproverClient:
    """One improver process of one run, which is shown nothing of what `hidden` names."""

    def __init__(self, opening: Open, tier: Tier, hidden: Sequence[Path] = ()) -> None:
        self._opening, self._tier, self._hidden = opening, tier, hidden
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: AsyncChannel | None = None
        self._cpu_s = 0.0
        self.seed_form = b""

    @classmethod
    async def start(cls, opening: Open, tier: Tier, hidden: Sequence[Path] = ()) -> "ImproverClient":
        """Returns a client of a fresh process; raises `BadInput` where the improver cannot be made."""
        client = cls(opening, tier, hidden)
        await client.restart()
        return client

    async def restart(self) -> None:
        """Ends the process where there is one, and starts another, which has been told nothing; raises `BadInput`
        where the improver cannot be made."""
        self.close()
        ours, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile() as errors:
            argv = ["-m", "ryumon.improvers.host", str(theirs.fileno())]
            # The shipped tasks, which know how held-out cases are made, and the run's own, perhaps among packages.
            hidden = [Path(__file__).parents[1] / "tasks", *self._hidden]
            process = start_role(
                argv, tier=self._tier, pass_fds=(theirs.fileno(),), hidden=hidden, memory_mb=4096, stderr=errors
            )
        self._process = process
        self._channel = await AsyncChannel.over(ours, Answer, MOST_BYTES)
        try:
            await self._send(self._opening)
            self.seed_form = await self._opened()
        except BaseException as error:
            self.close()
            if isinstance(error, RoleError):
                raise BadInput(f"improver {self._opening.improver}: {error}") from error
            raise

    async def _opened(self) -> bytes:
        answer = await self._receive()
        if not isinstance(answer, Opened):
            raise RoleError("the improver answered before it was asked")
        return answer.form

    async def know(self, forms: tuple[bytes, ...]) -> None:
        """Hands over the normal forms of earlier proposals."""
        for place in range(0, len(forms), AT_ONCE):
            await self._send(Known(forms[place : place + AT_ONCE]))

    async def export(self) -> bytes | None:
        """Returns the improver's state, None where it exports none."""
        await self._send(Export())
        answer = await self._receive()
        if not isinstance(answer, Exported):
            raise RoleError("the improver was asked for its state and answered something else")
        return answer.state

    async def restore(
        self, state: bytes, past: Iterator[tuple[Outline, ...]], program: Callable[[str], Program]
    ) -> bool:
        """Has a fresh process take up a state; returns whether it could. `past` is what was told until then, part by
        part, `program` finds a program by its id. Where it could not, the process is of no more use."""
        await self._send(Restore(state))
        for outlines in past:
            await self._send(Recall(outlines, last=False))
        await self._send(Recall((), last=True))
        while True:
            match await self._receive():
                case Wanted(ids):
                    await self._send(Programs({id: program(id) for id in ids[:AT_ONCE]}))
                case Restored(refused):
                    return not refused
                case _:
                    raise RoleError("the improver was to take up its state and answered something else")

    async def tell(self, evaluation: Evaluation) -> None:
        """Tells what became of the next proposal in order."""
        await self._send(Tell(evaluation))

    async def ask(self, index: int) -> Proposed:
        """Returns the proposal of a number; raises `RoleError` where the improver broke, hung or answers another."""
        await self._send(Ask(index))
        answer = await self._receive()
        if not isinstance(answer, Proposed) or answer.index != index:
            raise RoleError("the improver answered a request that is not outstanding")
        return answer

    def close(self) -> float:
        """Ends the process; returns the CPU seconds that it has used. May be called again."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._cpu_s += killed([self._process])
        self._process = self._channel = None
        return self._cpu_s

    async def _send(self, message: Request) -> None:
        assert self._channel is not None
        try:
            async with asyncio.timeout(ASK_S):
                await self._channel.send(message)
        except TimeoutError:
            raise RoleError(f"the improver did not read for {ASK_S:g} s") from None

    async def _receive(self) -> Answer:
        assert self._channel is not None
        try:
            async with asyncio.timeout(ASK_S):
                answer: Answer = await self._channel.receive()
        except TimeoutError:
            raise RoleError(f"the improver did not answer within {ASK_S:g} s") from None
        if isinstance(answer, Broken):
            raise RoleError(f"the improver broke: {one_line(answer.reason)}")
        return answer
