"""How a run ends: contenders read on `validation`, one champion, one draw of the test seed, one comparison."""

import asyncio
import secrets

from ryumon.archive.journal import Journal
from ryumon.budget import Cost
from ryumon.evaluation.evaluator import Evaluator
from ryumon.score import Comparison, compare
from ryumon.store.records import Read, Started, TestDrawn
from ryumon.task import Split


class Court:
    """Reads the sealed splits of one run. Each reading is an event, and is made once."""

    def __init__(self, journal: Journal, evaluator: Evaluator, started: Started) -> None:
        self._journal, self._evaluator, self._started = journal, evaluator, started

    async def verdict(self, seed_id: str) -> tuple[str, Comparison]:
        """Returns the champion's id, and its comparison with the seed on test cases drawn now."""
        journal, history = self._journal, self._journal.history
        await self._read_all("validation", self._started.seed, history.contenders.ids())
        champion = history.champion() or seed_id
        fixed = self._started.test_seed
        journal.append(TestDrawn(fixed if fixed is not None else secrets.randbits(63)))
        assert history.test_seed is not None
        await self._read_all("test", history.test_seed, [seed_id, champion])
        ours = history.readings["test", history.test_seed, champion]
        base = history.readings["test", history.test_seed, seed_id]
        if ours.status == base.status == "ok":
            return champion, compare(history.direction, ours.scores, base.scores, history.test_seed)
        return champion, Comparison("regressed" if base.status == "ok" else "no evidence", 0.0, None)

    async def _read_all(self, split: Split, seed: int, ids: list[str]) -> None:
        async with asyncio.TaskGroup() as group:
            for id in dict.fromkeys(ids):
                if (split, seed, id) not in self._journal.history.readings:
                    group.create_task(self._read(split, seed, id))

    async def _read(self, split: Split, seed: int, id: str) -> None:
        """Reads one program on one split; an exact task has one split, and is measured on it again."""
        program = self._journal.program(self._journal.recorded(id))
        assert program is not None
        if self._started.exact:
            found = await self._evaluator.read(program, "train", self._started.seed)
        else:
            found = await self._evaluator.read(program, split, seed)
        self._journal.append(
            Read(
                split=split,
                seed=seed,
                id=id,
                status=found.status,
                scores=tuple(result.score for result in found.results) if found.status == "ok" else (),
                reason=found.reason,
                cost=Cost(cases=found.asked, cpu_s=found.cpu_s),
                elapsed=self._journal.elapsed(),
            )
        )
