"""Runs of a noisy task, with scripted scores: who becomes the best, who the champion, and what is said of the gain."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from ryumon.archive.history import History
from ryumon.archive.journal import Journal, stored_evaluations
from ryumon.archive.summary import summarised
from ryumon.engines.messages import Answer, Describe, Described, Evaluated, Request, Seen
from ryumon.evaluation.evaluator import Evaluator
from ryumon.program import Proposal
from ryumon.run import Run
from ryumon.score import CaseResult, mean_score
from ryumon.store import SqlStore
from ryumon.store.records import Read
from ryumon.task import derived_seed, read_task, repeat_seed
from tests.conftest import TOML
from tests.test_run_order import ScriptedImprover, child, started

Make = Callable[..., Path]
NOISY = TOML + "[noise]\nrepeats = 8\n"
CASES = 3


class NoisyEngine:
    """Scores a program by the number in its text, plus noise of deviation `sigma` drawn from its text and the case.

    With `redrawn`, cases and noise depend on the split's seed, and each draw adds the same to everybody; else noise is
    drawn afresh each time. `lucky` maps a text to what it gains on the first `lucky_repeats` of the search alone.
    """

    def __init__(
        self,
        sigma: float,
        *,
        redrawn: bool = True,
        timing: int = 0,
        lucky: dict[str, float] | None = None,
        lucky_repeats: int = 1,
    ) -> None:
        self._sigma, self._redrawn, self._lucky = sigma, redrawn, lucky or {}
        self._lucky_seeds = [repeat_seed(0, repeat) for repeat in range(lucky_repeats)]
        self._turns = np.random.default_rng(timing)
        self._clock = np.random.default_rng(timing + 1000)
        self.measured: Counter[str] = Counter()

    def candidates_cpu_s(self) -> float:
        """Returns that its candidates cost nothing."""
        return 0.0

    async def ask(self, request: Request, *, alone: bool = False, seen: Seen | None = None) -> Answer:
        """Answers as a worker would, after a random number of turns of the loop."""
        for _ in range(int(self._turns.integers(0, 20))):
            await asyncio.sleep(0)
        key = f"{request.split} {request.seed}" if self._redrawn else request.split
        if isinstance(request, Describe):
            digests = tuple(hashlib.sha256(f"{key} {k}".encode()).digest()[:16] for k in range(CASES))
            return Described(request.id, ("a", "b", "c"), digests)
        text = request.files["fit.py"]
        self.measured[text] += 1
        luck = (
            self._lucky.get(text.strip(), 0.0)
            if request.split == "train" and request.seed in self._lucky_seeds
            else 0.0
        )
        results = tuple(
            CaseResult(f"case-{k}", float(text.split()[0]) - luck + self._noise(key, text, k)) for k in request.cases
        )
        return Evaluated(id=request.id, status="ok", results=results, behaviours=(b"same",) * len(results))

    def _noise(self, key: str, text: str, case: int) -> float:
        if not self._redrawn:
            return float(self._clock.normal(0, self._sigma))
        draw, own = (
            np.random.default_rng(list(hashlib.sha256(f"{what} {key} {case}".encode()).digest())).normal()
            for what in ("draw", text)
        )
        return float(50 * self._sigma * draw + self._sigma * own)

    def close(self) -> float:
        """Holds no process."""
        return 0.0


def noisy(
    tiny: Make, store: SqlStore, propose: Callable[[int], Proposal], engine: NoisyEngine, budget: str = "8ev"
) -> tuple[ScriptedImprover, History, dict[int, Any]]:
    """Returns what a run of a noisy task came to, its records by the number of their ask."""
    task = read_task(tiny(toml=NOISY.replace("cases = 2\nkeep = 0.7", "cases = 2"), seed="100\n"))
    improver = ScriptedImprover(propose)
    with store.writer("r", new=True) as writer:
        first = msgspec.structs.replace(started(budget), repeats=8)
        run = Run(
            journal=Journal(store, writer, History("r")), started=first, task=task, engine=engine, improver=improver
        )

        async def inside() -> History:
            run.begin(*await Evaluator(engine, task, 0).seed())
            return await run.go()

        history = asyncio.run(inside())
    return improver, history, {record.index: record for record in stored_evaluations(store, "r")}


def test_a_program_that_was_only_lucky_is_not_the_new_best_and_is_dropped_early(tiny: Make, store: SqlStore) -> None:
    engine = NoisyEngine(1.0, lucky={"110 lucky": 100.0})
    _, history, records = noisy(tiny, store, lambda i: child("110 lucky\n" if i == 2 else f"120 n{i}\n"), engine)
    assert mean_score(records[2].cases) < records[-1].score - 80
    assert records[2].score > records[-1].score
    assert 0 < len(records[2].repeats) < 7
    assert history.best is not None
    assert history.best.id == records[-1].id


def test_a_better_program_is_the_new_best_only_after_every_repeat(tiny: Make, store: SqlStore) -> None:
    engine = NoisyEngine(1.0)
    _, history, records = noisy(tiny, store, lambda i: child("90 better\n" if i == 2 else f"120 n{i}\n"), engine)
    assert [len(row) for row in records[2].repeats] == [CASES] * 7
    assert records[2].score == pytest.approx(records[-1].score - 10, abs=2)
    assert history.best is not None
    assert history.best.id == records[2].id
    assert not records[0].repeats
    assert history.finished is not None
    assert (history.finished.champion, history.finished.verdict) == (records[2].id, "improved")


def test_most_programs_are_measured_once(tiny: Make, store: SqlStore) -> None:
    engine = NoisyEngine(1.0)
    noisy(tiny, store, lambda i: child(f"{120 + i} n{i}\n"), engine, budget="12ev")
    worst = engine.measured["131 n11\n"]
    assert worst <= 2 + 2  # two stages, and what validation's race gave it before it was clearly worse


def test_equal_programs_come_to_no_evidence_and_the_noise_floor_is_stated(tiny: Make, store: SqlStore) -> None:
    engine = NoisyEngine(1.0, redrawn=False)
    _, history, records = noisy(tiny, store, lambda i: child(f"100 n{i}\n"), engine, budget="40ev")
    assert history.finished is not None
    assert history.finished.verdict == "no evidence"
    noise = summarised(history).noise
    assert noise is not None
    assert noise.repeats == 8
    assert noise.floor == pytest.approx(1 / CASES**0.5, rel=0.6)
    champion = next(record for record in records.values() if record.id == history.finished.champion)
    assert noise.gain_in_search == pytest.approx(champion.score - records[-1].score)


def test_a_gain_that_the_search_only_seemed_to_make_is_reported_as_shrinkage(tiny: Make, store: SqlStore) -> None:
    engine = NoisyEngine(0.01, lucky={"95 lucky": 30.0}, lucky_repeats=8)
    _, history, _ = noisy(tiny, store, lambda i: child("95 lucky\n" if i == 2 else f"120 n{i}\n"), engine)
    noise = summarised(history).noise
    assert noise is not None
    assert noise.gain_in_search == pytest.approx(-35, abs=0.1)
    assert noise.gain_on_fresh == pytest.approx(-5, abs=0.1)
    assert noise.shrinkage == pytest.approx(-30, abs=0.1)


def test_champion_and_seed_are_read_on_the_same_fresh_repeats_which_no_search_saw(tiny: Make, store: SqlStore) -> None:
    from ryumon.store.records import decoded

    _, history, records = noisy(tiny, store, lambda i: child(f"{99 - i} n{i}\n"), NoisyEngine(0.1))
    reads = [record for event in store.events("r") if isinstance(record := decoded(event.body), Read)]
    seen = {repeat_seed(0, k) for k in range(8)}
    for split, root in (("train", derived_seed(0, "fresh")), ("test", 1)):
        expected = {repeat_seed(root, k) for k in range(8)}
        assert expected.isdisjoint(seen)
        assert history.finished is not None
        for id in (records[-1].id, history.finished.champion):
            assert {read.seed for read in reads if (read.split, read.id) == (split, id)} == expected


@pytest.mark.parametrize("timing", range(1, 3))
def test_a_noisy_task_with_seeded_noise_gives_the_same_archive_whatever_the_timing(
    tiny: Make, tmp_path: Path, timing: int
) -> None:
    def archive(timing: int) -> list[Any]:
        store = SqlStore(tmp_path / f"store-{timing}")
        engine = NoisyEngine(3.0, timing=timing)
        _, history, records = noisy(tiny, store, lambda i: child(f"{100 - i % 5} n{i}\n"), engine, budget="14ev")
        assert history.finished is not None
        return [*((r.id, r.status, r.score, r.repeats) for r in records.values()), history.finished.ci95]

    assert archive(timing) == archive(0)


class Driven(NoisyEngine):
    """Drives its candidates; one whose text says `peeks` gains by it wherever it is not on the strict path."""

    async def ask(self, request: Request, *, alone: bool = False, seen: Seen | None = None) -> Answer:
        """Answers as a worker would."""
        answer = await super().ask(request, alone=alone, seen=seen)
        if not isinstance(answer, Evaluated) or isinstance(request, Describe):
            return answer
        gain = 60.0 if "peeks" in request.files["fit.py"] and not request.strict else 0.0
        results = tuple(msgspec.structs.replace(result, score=result.score - gain) for result in answer.results)
        return msgspec.structs.replace(answer, results=results, driven=True)


def test_an_honest_program_is_not_called_a_cheat_for_noise_between_the_two_paths(tiny: Make, store: SqlStore) -> None:
    engine = Driven(1.0, redrawn=False)
    _, history, records = noisy(tiny, store, lambda i: child(f"{60 if i == 2 else 120} n{i}\n"), engine)
    assert history.best is not None
    assert history.finished is not None
    assert history.best.id == history.finished.champion == records[2].id
    assert all(reading.status == "ok" for reading in history.readings.values())


def test_what_a_candidate_sees_of_a_driver_makes_it_neither_best_nor_champion_of_a_noisy_task(
    tiny: Make, store: SqlStore
) -> None:
    _, history, records = noisy(tiny, store, lambda i: child(f"105 {'peeks' if i == 3 else i}\n"), Driven(1.0))
    assert records[3].score == pytest.approx(records[-1].score + 5, abs=3)
    assert history.best is not None
    assert history.best.id == records[-1].id
    assert history.finished is not None
    assert history.finished.champion == records[-1].id
    assert history.finished.verdict == "no evidence"


def test_equal_claims_of_a_noisy_task_make_no_twin(tiny: Make, store: SqlStore) -> None:
    _, history, _ = noisy(tiny, store, lambda i: child(f"{120 + i} n{i}\n"), NoisyEngine(1.0), budget="12ev")
    assert history.statuses == {"ok": 12}


def test_a_race_ends_with_the_repeat_that_a_challenger_fails(tiny: Make, store: SqlStore) -> None:
    class Failing(NoisyEngine):
        async def ask(self, request: Request, *, alone: bool = False, seen: Seen | None = None) -> Answer:
            answer = await super().ask(request, alone=alone, seen=seen)
            fails = isinstance(answer, Evaluated) and (request.split, request.seed) == ("train", repeat_seed(0, 2))
            if fails and not isinstance(request, Describe) and "fragile" in request.files["fit.py"]:
                return Evaluated(id=answer.id, status="error", reason="broke")
            return answer

    _, history, records = noisy(tiny, store, lambda i: child("50 fragile\n" if i == 1 else f"120 n{i}\n"), Failing(1.0))
    assert (records[1].status, records[1].score, records[1].reason) == ("error", None, "broke")
    assert len(records[1].repeats) == 1
    assert history.best is not None
    assert history.best.id == records[-1].id
