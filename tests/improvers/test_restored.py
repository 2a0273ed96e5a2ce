"""An improver that takes up an exported state proposes what the one that exported it would have proposed."""

from collections.abc import Collection, Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from ryumon.improvers.base import Restorable
from ryumon.program import Program
from ryumon.registry import load
from ryumon.score import Evaluation, Outline
from tests.improvers.corpus import ARRAYS, Memory, brief

BRIEF = brief(ARRAYS, "numpy-elementwise")
ASKS = 130


class Told:
    """What was told, as a supervisor that holds the store would tell it again."""

    def __init__(self, evaluations: list[Evaluation]) -> None:
        self._evaluations = evaluations
        self.wanted = 0

    def outlines(self) -> Iterator[Outline]:
        """Yields all of it in brief."""
        return (evaluation.outline() for evaluation in self._evaluations)

    def programs(self, ids: Collection[str]) -> dict[str, Program]:
        """Returns programs by id, each made afresh."""
        self.wanted = len(set(ids))
        there = {e.program.id: e.program for e in self._evaluations if e.program is not None}
        return {id: Program(dict(there[id].files)) for id in ids}


def outcome(i: int, program: Program | None, parents: tuple[str, ...], told: list[Evaluation]) -> Evaluation:
    """Returns an evaluation of one kind or another: scored, twin, failed, and now and then one that bars its parent."""
    if program is None:
        return Evaluation(index=i, program=None, status="no_program")
    scored = [e for e in told if e.status == "ok" and e.program is not None]
    original = scored[(7 * i) % len(scored)].program
    assert original is not None
    rest: dict[str, Any] = {"index": i, "program": program, "parents": parents, "operator": "number+wrap"}
    if i % 11 == 5:
        return Evaluation(**rest, status="barred", barred=parents)
    if i % 4 == 1:
        return Evaluation(**rest, status="twin", twin=original.id)
    if i % 9 == 2:
        return Evaluation(**rest, status="error")
    return Evaluation(**rest, status="ok", score=float(program.size % 97))


@pytest.mark.parametrize("stop", [0, 1, 8, 40, ASKS - 15])
@pytest.mark.parametrize("name", ["mutate", "random", "best-of-n"])
def test_a_restored_improver_goes_on_as_the_one_that_exported(name: str, stop: int) -> None:
    options: dict[str, Any] = (
        {"islands": 3, "capacity": 6, "interval": 25, "parents": "weighted"} if name == "mutate" else {}
    )
    memory = Memory(BRIEF.seed)
    first, second = load("improvers", name)(BRIEF, memory, **options), load("improvers", name)(BRIEF, memory, **options)
    told = [Evaluation(index=-1, program=BRIEF.seed, operator="seed", status="ok", score=50.0)]
    first.tell(told[0])
    for i in range(stop + 15):
        if i == stop:
            past = Told(list(told))
            second.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(first.export())), past)
            assert isinstance(second, Restorable)
        asked = first.ask(i, np.random.default_rng((3, i)))
        if i >= stop:
            assert second.ask(i, np.random.default_rng((3, i))) == asked
        if asked.program is not None:
            memory.add(asked.program)
        told.append(outcome(i, asked.program, asked.parents, told))
        first.tell(told[-1])
        if i >= stop:
            second.tell(told[-1])
            assert second.export() == first.export()


def test_mutate_exports_and_wants_no_more_than_its_islands_hold() -> None:
    memory = Memory(BRIEF.seed)
    improver = load("improvers", "mutate")(BRIEF, memory, islands=2, capacity=4, opening=100)
    told = [Evaluation(index=-1, program=BRIEF.seed, operator="seed", status="ok", score=50.0)]
    told += [
        Evaluation(index=i, program=Program({"main.py": f"x = {i}\n"}), operator="number", status="ok", score=float(-i))
        for i in range(400)
    ]
    for evaluation in told:
        improver.tell(evaluation)
    assert len(msgspec.msgpack.encode(improver.export())) < 8 * 90 + 200
    past = Told(told)
    load("improvers", "mutate")(BRIEF, memory, islands=2, capacity=4, opening=100).restore(
        msgspec.msgpack.decode(msgspec.msgpack.encode(improver.export())), past
    )
    assert past.wanted == 8


@pytest.mark.parametrize("state", [None, {}, {"islands": [], "credit": {}}, {"islands": [[["no id", 1.0]]] * 4}])
def test_mutate_refuses_a_state_that_is_none_of_its_own(state: object) -> None:
    improver = load("improvers", "mutate")(BRIEF, Memory(BRIEF.seed))
    with pytest.raises(Exception, match=r"."):
        improver.restore(state, Told([]))
