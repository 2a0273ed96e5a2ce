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
from ryumon.evaluation.evaluator import Evaluator
from ryumon.program import Program
from ryumon.sandbox import Tier
from ryumon.score import Direction, better
from ryumon.task import Split, TaskFolder


def fitness(direction: Direction, score: float) -> float:
    """Returns a score as a peer gets it, larger is better and above 0: 1 / (1 + score) where less is better, since both
    peers give a failure 0. Scores here are not negative."""
    return 1 / (1 + score) if direction == "minimize" else score


class Best:
    """The best program so far on train; the first of equals."""

    def __init__(self, direction: Direction, seed: Program, score: float) -> None:
        self._direction = direction
        self.program, self.score = seed, score
        self.evaluated = self.scored = 0

    def tell(self, program: Program, score: float | None) -> None:
        """Takes what an evaluation came to; None where it gave no score."""
        self.evaluated += 1
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
        return (await self.evaluator.read(program, split, self._seed if seed is None else seed)).score

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
            score = await judge.score(program)
        best.tell(program, score)
        writer.write(json.dumps(None if score is None else fitness(judge.task.spec.direction, score)).encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(answer, place):
        yield
