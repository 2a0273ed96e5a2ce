"""How a run ends: contenders read on `validation`, one champion, one draw of the test seed, one comparison.

Of a noisy task everything is read on every repeat, the contenders in a race that drops who is clearly worse; and the
champion and the seed are read on train repeats that took no part in the search, which tells what the search only
seemed to gain.
"""

import asyncio
import secrets

import msgspec

from ryumon.archive.journal import Journal
from ryumon.budget import Cost
from ryumon.evaluation.evaluator import Evaluator
from ryumon.evaluation.noise import rounds, units
from ryumon.evaluation.races import survivors
from ryumon.score import Comparison, compare
from ryumon.store.records import Read, Started, TestDrawn
from ryumon.task import Split, repeat_seed

LEAST_CONTENDERS = 16
SHARE = 0.25  # of the cases that the search took, which the contenders' first reading may take


class Court:
    """Reads the sealed splits of one run. Each reading is an event, and is made once."""

    def __init__(self, journal: Journal, evaluator: Evaluator, started: Started) -> None:
        self._journal, self._evaluator, self._started = journal, evaluator, started

    async def verdict(self, seed_id: str) -> tuple[str, Comparison]:
        """Returns the champion's id, and its comparison with the seed on test cases drawn now; at most `no evidence`
        where the task's evaluator is not separated from the candidate.

        Where the task drives, both are read on the strict path, so that what a candidate can see of a driver buys
        nothing in the end.
        """
        journal, history = self._journal, self._journal.history
        await self._validate()
        champion = await self._champion(seed_id)
        if self._noisy:
            await self._read_repeats("train", history.fresh_seed, [seed_id, champion])
        if history.test_seed is None:
            fixed = self._started.test_seed
            journal.append(TestDrawn(fixed if fixed is not None else secrets.randbits(63)))
        assert history.test_seed is not None
        await self._read_repeats("test", history.test_seed, [seed_id, champion])
        ours = history.whole("test", history.test_seed, champion)
        base = history.whole("test", history.test_seed, seed_id)
        if ours is not None and base is not None:
            redrawn = self._noisy and await self._evaluator.redrawn("test", history.test_seed)
            found = compare(
                history.direction,
                units(ours, redrawn=redrawn),
                units(base, redrawn=redrawn),
                history.test_seed,
                exact=self._started.exact,
                readings=history.draws,
            )
            return champion, _capped(found) if self._started.unseparated else found
        return champion, Comparison("regressed" if base is not None else "no evidence", 0.0, None)

    @property
    def _noisy(self) -> bool:
        return self._started.repeats > 1

    @property
    def _driven(self) -> bool:
        seed = self._journal.history.seed
        return seed is not None and seed.driven

    async def _champion(self, seed_id: str) -> str:
        """Returns the contender that is best on validation, and that the strict path finds as good."""
        history = self._journal.history
        while (champion := history.champion()) is not None:
            place: tuple[Split, int, str] = ("validation", history.validation_seed, champion)
            if champion == seed_id or not self._driven or place in history.strictly:
                return champion
            await self._read(*place, strict=True)
        return seed_id

    async def _validate(self) -> None:
        """Reads the contenders on validation; of a noisy task round by round, each round without who is clearly worse.

        A noisy score cannot be read once more to be checked, so where the task drives it is read on the strict path.
        """
        history = self._journal.history
        seed, left = history.validation_seed, history.contenders.ids(await self._contenders())
        for part in rounds(self._started.repeats):
            if part.start:
                scores = {id: history.scores("validation", seed, id)[: part.start] for id in left}
                left = survivors(history.direction, scores, [id for id in left if len(scores[id]) == part.start])
            for repeat in part:
                await self._read_all("validation", repeat_seed(seed, repeat), left, strict=self._noisy and self._driven)

    async def _contenders(self) -> int:
        """Returns how many of the best on train are read on validation: as many as `SHARE` pays for, and 16 at least.

        Train says less of a program the longer it was searched on; among 64 there is often a better one than among 16.
        Where train cases are all there are, there is nothing to learn.
        """
        history = self._journal.history
        if self._evaluator.held_out:
            cases = await self._evaluator.case_ids("validation", history.validation_seed)
            return max(LEAST_CONTENDERS, int(SHARE * history.search_cases / len(cases)))
        return LEAST_CONTENDERS

    async def _read_repeats(self, split: Split, seed: int, ids: list[str]) -> None:
        """Reads programs on every repeat, in turn and each time in the other order, so that no drift favours one."""
        for repeat in range(self._started.repeats):
            order = ids if repeat % 2 == 0 else ids[::-1]
            await self._read_all(split, repeat_seed(seed, repeat), order, strict=self._driven)

    async def _read_all(self, split: Split, seed: int, ids: list[str], *, strict: bool) -> None:
        async with asyncio.TaskGroup() as group:
            for id in dict.fromkeys(ids):
                if (split, seed, id) not in self._journal.history.readings:
                    group.create_task(self._read(split, seed, id, strict=strict))

    async def _read(self, split: Split, seed: int, id: str, *, strict: bool) -> None:
        """Reads one program on one split."""
        program = self._journal.program(self._journal.recorded(id))
        assert program is not None
        found = await self._evaluator.read(program, split, seed, strict=strict)
        scores = tuple(result.score for result in found.results) if found.status == "ok" else ()
        before = self._journal.history.readings.get((split, seed, id))
        status, reason = found.status, found.reason
        if before is not None and before.status == "ok" and before.scores != scores:
            status, reason = ("cheating" if scores else status), f"strict path {scores or reason}, fast {before.scores}"
            scores = ()
        self._journal.append(
            Read(
                split=split,
                seed=seed,
                id=id,
                status=status,
                scores=scores,
                reason=reason,
                cost=Cost(cases=found.asked, cpu_s=found.cpu_s),
                elapsed=self._journal.elapsed(),
                strict=strict,
            )
        )


def _capped(found: Comparison) -> Comparison:
    """Returns what a comparison is worth where a candidate could have written its own score."""
    if found.verdict != "improved":
        return found
    return msgspec.structs.replace(found, verdict="no evidence")
