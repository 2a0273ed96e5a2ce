"""What an improver is told before each ask, when parents are confirmed, and how a run runs dry; with scripted roles."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ryumon.archive.history import History
from ryumon.archive.journal import Journal, stored_evaluations
from ryumon.engines.messages import Answer, Describe, Described, Evaluated, Request, Seen
from ryumon.evaluation.evaluator import Measured
from ryumon.improvers.client import ImproverClient
from ryumon.improvers.messages import Proposed
from ryumon.program import Program, Proposal
from ryumon.run import FRUITLESS, Run
from ryumon.score import CaseResult, Evaluation
from ryumon.store import SqlStore
from ryumon.store.records import Started
from ryumon.task import read_task

Make = Callable[..., Path]


class ScriptedImprover(ImproverClient):
    """Proposes what `propose` says, and writes down everything it hears."""

    def __init__(self, propose: Callable[[int], Proposal]) -> None:
        self._propose = propose
        self.heard: list[tuple[str, int]] = []
        self.told: list[Evaluation] = []
        self.seed_form = b"seed"

    async def know(self, forms: tuple[bytes, ...]) -> None:
        """Ignores what was proposed before."""

    async def tell(self, evaluation: Evaluation) -> None:
        """Writes the tell down."""
        self.heard.append(("tell", evaluation.index))
        self.told.append(evaluation)

    async def export(self) -> None:
        """Exports no state."""

    async def ask(self, index: int) -> Proposed:
        """Writes the ask down and proposes."""
        self.heard.append(("ask", index))
        return Proposed(index, self._propose(index), str(index).encode())

    def close(self) -> float:
        """Holds no process."""
        return 0.0


class ScriptedEngine:
    """Scores a program by the number in its text, after a random number of turns of the loop.

    A program whose text says `cheat` makes other claims on the strict path, one whose text says `endless` uses CPU time
    and never answers. Strict requests are counted by program.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self.evaluated: list[str] = []
        self.confirmed: list[str] = []
        self.used_s = 0.0

    def candidates_cpu_s(self) -> float:
        """Returns what endless programs have used."""
        return self.used_s

    async def ask(self, request: Request, *, alone: bool = False, seen: Seen | None = None) -> Answer:
        """Answers as a worker would."""
        for _ in range(int(self._rng.integers(0, 20))):
            await asyncio.sleep(0)
        if isinstance(request, Describe):
            return Described(request.id, ("a", "b", "c"))
        text = request.files["fit.py"]
        (self.confirmed if request.strict else self.evaluated).append(text)
        while "endless" in text:
            self.used_s += 1e-6
            await asyncio.sleep(0)
        score = float(text.split()[0])
        behaviour = b"strict" if request.strict and "cheat" in text else text.encode()
        results = tuple(CaseResult(f"case-{place}", score) for place in request.cases)
        return Evaluated(
            id=request.id, status="ok", results=results, behaviours=(behaviour,) * len(results), driven=True
        )

    def close(self) -> float:
        """Holds no process."""
        return 0.0


def started(budget: str, lookahead: int = 3) -> Started:
    """Returns the first record of a scripted run."""
    return Started(
        version="",
        task="tiny",
        folder="",
        task_digest="",
        direction="minimize",
        unit="",
        exact=False,
        improver="scripted",
        options={},
        seed=0,
        lookahead=lookahead,
        budget=budget,
        tier="A",
        test_seed=1,
        files={},
    )


def go(
    tiny: Make, store: SqlStore, propose: Callable[[int], Proposal], *, budget: str = "12ev", timing: int = 0
) -> tuple[ScriptedImprover, ScriptedEngine, History]:
    task = read_task(tiny(seed="100\n"))
    improver, engine = ScriptedImprover(propose), ScriptedEngine(timing)
    with store.writer("r", new=True) as writer:
        run = Run(
            journal=Journal(store, writer, History("r")), started=started(budget), task=task, engine=engine,
            improver=improver,
        )  # fmt: skip

        async def inside() -> History:
            seed = Measured(
                status="ok", results=(CaseResult("case-0", 100.0),), behaviours=(b"100\n",), driven=True, asked=1
            )
            run.begin(seed, {})
            return await run.go()

        history = asyncio.run(inside())
    return improver, engine, history


def child(text: str, parent: str = "100\n") -> Proposal:
    return Proposal(Program({"fit.py": text}), (Program({"fit.py": parent}).id,), "scripted")


@pytest.mark.parametrize("timing", range(5))
def test_before_each_ask_exactly_the_tells_beyond_the_lookahead_have_happened(
    tiny: Make, store: SqlStore, timing: int
) -> None:
    improver, _, _ = go(tiny, store, lambda i: child(f"{50 - i} n{i}\n"), timing=timing)
    told = -1
    assert improver.heard[0] == ("tell", -1)
    for what, index in improver.heard[1:]:
        if what == "tell":
            assert index == told + 1
            told = index
        else:
            assert told + 1 == max(0, index - 3)
    assert [index for what, index in improver.heard if what == "ask"] == list(range(12))


def test_what_is_told_carries_no_measured_time(tiny: Make, store: SqlStore) -> None:
    improver, _, _ = go(tiny, store, lambda i: child(f"{50 - i} n{i}\n"))
    assert {"elapsed", "cost", "cpu_s", "wall_s"}.isdisjoint(Evaluation.__struct_fields__)
    assert len(improver.told) > 1


def test_each_new_best_is_confirmed_and_a_cheat_is_neither_scored_nor_champion(tiny: Make, store: SqlStore) -> None:
    _, engine, history = go(tiny, store, lambda i: child(f"{1 if i == 4 else 60 - i} {'cheat' if i == 4 else i}\n"))
    records = {record.index: record for record in stored_evaluations(store, "r")}
    assert records[4].status == "cheating"
    assert records[4].score is None
    assert "strict path" in records[4].evidence
    assert history.best is not None
    assert history.best.score == 49.0
    assert history.finished is not None
    assert history.finished.champion == records[11].id
    assert {"60 0\n", "49 11\n"} <= set(engine.confirmed)


@pytest.mark.parametrize("timing", range(5))
def test_a_program_is_confirmed_before_its_fifth_child_and_its_children_are_barred_with_it(
    tiny: Make, store: SqlStore, timing: int
) -> None:
    parent = "150 cheat\n"
    proposals = [child(parent), *(child(f"{90 + i} n{i}\n") for i in range(1, 5))]

    def propose(i: int) -> Proposal:
        return proposals[i] if i < 5 else child(f"{200 + i} n{i}\n", parent)

    improver, engine, _ = go(tiny, store, propose, budget="16ev", timing=timing)
    records = {record.index: record for record in stored_evaluations(store, "r")}
    assert [records[i].status for i in range(5, 9)] == ["ok"] * 4
    assert records[9].status == "barred"
    assert records[9].barred == (Program({"fit.py": parent}).id,)
    assert all(records[i].status == "barred" and not records[i].barred for i in range(10, 16))
    assert not any(text.startswith("209") for text in engine.evaluated)
    assert any(evaluation.barred for evaluation in improver.told)


def test_duplicates_and_empty_proposals_are_told_in_order_and_not_counted(tiny: Make, store: SqlStore) -> None:
    def propose(i: int) -> Proposal:
        if i % 3 == 0:
            return Proposal(None, note="no idea")
        if i % 3 == 1:
            return Proposal(Program({"fit.py": "1 same\n"}), duplicate=True)
        return child(f"{300 - i} n{i}\n")

    improver, engine, history = go(tiny, store, propose, budget="5ev")
    assert history.evaluations == 5
    assert history.statuses == {"no_program": 5, "duplicate": 5, "ok": 5}
    assert [e.status for e in improver.told[1:4]] == ["no_program", "duplicate", "ok"]
    assert not any("same" in text for text in engine.evaluated)


def test_a_thousand_fruitless_asks_in_a_row_end_the_run_as_exhausted(tiny: Make, store: SqlStore) -> None:
    _, _, history = go(tiny, store, lambda i: child("10 only\n") if i == 0 else Proposal(None), budget="500ev")
    assert history.ended == "exhausted"
    assert history.evaluations == 1
    assert history.committed <= 1 + FRUITLESS + 3
    assert history.finished is not None


UNSAFE = {
    "leaves the folder": {"fit.py": "1 a\n", "../../out.py": ""},
    "not editable": {"fit.py": "1 a\n", "frozen.py": "changed"},
    "half a surrogate pair": {"fit.py": "1 \ud800\n"},
    "too large": {"fit.py": "1 " + "x" * 300_000},
}


@pytest.mark.parametrize("what", UNSAFE)
def test_the_supervisor_takes_no_unsafe_program_from_an_improver_that_skips_its_own_checks(
    tiny: Make, store: SqlStore, what: str
) -> None:
    def propose(i: int) -> Proposal:
        return Proposal(Program(UNSAFE[what]), (), "evil") if i == 0 else child(f"{50 - i} n{i}\n")

    _, engine, history = go(tiny, store, propose, budget="3ev")
    assert next(e.status for e in stored_evaluations(store, "r") if e.index == 0) == "no_program"
    assert not any(text.startswith("1 ") for text in engine.evaluated)
    assert history.evaluations == 3


def test_what_an_improver_says_is_capped_and_unknown_parents_are_left_out(tiny: Make, store: SqlStore) -> None:
    def propose(i: int) -> Proposal:
        parents = (*(f"unknown {k}" for k in range(10)), *child("x").parents)
        return Proposal(Program({"fit.py": f"{50 - i} n{i}\n"}), parents, "o" * 10_000, "n" * 10**6)

    go(tiny, store, propose, budget="5ev")
    records = [e for e in stored_evaluations(store, "r") if e.index >= 0]
    assert all(len(e.operator) <= 200 and len(e.reason) <= 2_000 for e in records)
    assert {e.parents for e in records} == {child("x").parents}


def test_cpu_time_in_flight_ends_the_search_as_what_was_committed_does(tiny: Make, store: SqlStore) -> None:
    _, engine, history = go(
        tiny, store, lambda i: child(f"{50 - i} n{i}{' endless' if i >= 2 else ''}\n"), budget="0.001cpu-s"
    )
    assert engine.used_s >= 0.001
    assert (history.committed, history.ended) == (2, "cpu_s")
    assert history.finished is not None
