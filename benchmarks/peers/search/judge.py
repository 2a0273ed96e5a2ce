"""One judge for all arms: ryumon's own evaluator, sandboxed, on the train cases of one seed.

The peers reach it through a socket (`evaluate.py`), so that a program has one score whoever proposed it, under the same
limits, and champions are found without reading anybody's database.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ryumon.engines.local import LocalEngine
from ryumon.evaluation.evaluator import Evaluator, Measured
from ryumon.program import Program
from ryumon.sandbox import Tier
from ryumon.score import Direction, better
from ryumon.task import Split, TaskFolder


def fitness(direction: Direction, score: float) -> float:
    """Returns a score as a peer gets it: larger is better, and above 0, since both peers give a failure 0.

    Where less is better that is 1 / (1 + score), and 1 - score below 0, which joins it there with the same slope.
    """
    if direction == "maximize":
        return score
    return 1 / (1 + score) if score >= 0 else 1 - score


class Best:
    """The best program so far on train, the first of equals, and what all took: `cpu_s` in CPU seconds."""

    def __init__(self, direction: Direction, seed: Program, score: float) -> None:
        self._direction = direction
        self.program, self.score = seed, score
        self.evaluated = self.scored = 0
        self.cpu_s = 0.0

    def tell(self, program: Program, score: float | None, cpu_s: float) -> None:
        """Takes what an evaluation came to, and took; None where it gave no score."""
        self.evaluated += 1
        self.cpu_s += cpu_s
        self.scored += score is not None
        if score is not None and better(self._direction, score, self.score):
            self.program, self.score = program, score


class Judge:
    """Measures programs of one task on one lane."""

    def __init__(self, task: TaskFolder, seed: int, tier: Tier) -> None:
        self.task, self._seed = task, seed
        self._engine = LocalEngine(task, tier, 1)
        self.evaluator = Evaluator(self._engine, task, seed)

    async def score(self, program: Program, split: Split = "train", seed: int | None = None) -> float | None:
        """Returns a program's mean score on a split, None where it failed; on the run's train cases by default."""
        return (await self.read(program, split, seed)).score

    async def read(self, program: Program, split: Split = "train", seed: int | None = None) -> Measured:
        """Measures a program on a split."""
        return await self.evaluator.read(program, split, self._seed if seed is None else seed)

    def close(self) -> None:
        """Ends the lane."""
        self._engine.close()


@asynccontextmanager
async def serving(judge: Judge, place: Path, best: Best) -> AsyncIterator[None]:
    """Judges the texts that come in at the socket `place`, one connection each, and tells `best`."""
    (path,) = judge.task.spec.editable
    turn = asyncio.Lock()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        program = judge.task.seed.with_file(path, (await reader.read()).decode("utf-8", "replace"))
        async with turn:
            found = await judge.read(program)
        score = found.score
        best.tell(program, score, found.cpu_s)
        writer.write(json.dumps(None if score is None else fitness(judge.task.spec.direction, score)).encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(answer, place):
        yield
