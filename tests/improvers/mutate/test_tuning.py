import re
from collections import deque
from collections.abc import Callable
from functools import cache
from math import inf

import msgspec
import numpy as np
import pytest

from ryumon.improvers.mutate import Mutate
from ryumon.improvers.mutate.literals import literals
from ryumon.improvers.mutate.session import OPERATOR, Session, Start
from ryumon.improvers.mutate.syntax import parse
from ryumon.improvers.mutate.tuning import SHARES
from ryumon.improvers.mutate.view import View
from ryumon.improvers.mutate.vocabularies import vocabulary
from ryumon.program import Program
from ryumon.score import Evaluation
from tests.improvers.corpus import Memory, brief
from tests.improvers.test_restored import Told

TEXT = """A = 3.0
B = -8.0


def f(x: float) -> float:
    return A * x + B
"""
LOOKAHEAD = 8
SETTLED = 160  # asks after which, on a plateau, a session has been closed and the next has not been opened
BRIEF = brief(TEXT, "arithmetic")
READ = re.compile(r"A = \(?(\S+?)\)?\nB = \(?(\S+?)\)?\n\n\ndef f\(x: float\) -> float:\n    return A \* x \+ B\n")
Loss = Callable[[Program], float | None]


def numbers(program: Program) -> tuple[float, float] | None:
    """Returns A and B, None where the program is no longer the line it was."""
    found = READ.fullmatch(program.files["main.py"])
    try:
        return (float(found[1]), float(found[2])) if found else None
    except ValueError:
        return None


def bowl(program: Program) -> float | None:
    """A badly scaled quadratic with its least value, 0, at A = 4 and B = -5."""
    found = numbers(program)
    return None if found is None else (found[0] - 4) ** 2 + 30 * (found[0] - 4 + found[1] + 5) ** 2


def search(count: int, loss: Loss, *first: Program, **tuning: object) -> tuple[Mutate, list[Evaluation]]:
    """Returns an improver after `count` asks, told eight behind as a run tells it, and what it was told: the seed and
    the programs of `first` before all others."""
    memory = Memory(BRIEF.seed, *first)
    improver = Mutate(BRIEF, memory, tuning=tuning)
    given = enumerate((BRIEF.seed, *first))
    told = [Evaluation(index=n - 1, program=program, status="ok", score=loss(program)) for n, program in given]
    for evaluation in told:
        improver.tell(evaluation)
    waiting: deque[Evaluation] = deque()
    for i in range(count):
        while len(waiting) >= LOOKAHEAD:
            told.append(waiting.popleft())
            improver.tell(told[-1])
        proposal = improver.ask(i, np.random.default_rng((5, i)))
        program = proposal.program
        if program is None:
            waiting.append(Evaluation(index=i, program=None, status="no_program"))
            continue
        memory.add(program)
        score = loss(program)
        status = "error" if score is None else "ok"
        made = {"program": program, "parents": proposal.parents, "operator": proposal.operator}
        waiting.append(Evaluation(index=i, **made, status=status, score=score))  # type: ignore[arg-type]
    return improver, told


def tuned(told: list[Evaluation]) -> list[Evaluation]:
    return [evaluation for evaluation in told if evaluation.operator == OPERATOR]


def test_literals_converge_where_edits_alone_do_not() -> None:
    best = {}
    for stale in (20, 10**6):
        improver, _ = search(1_000, bowl, stale=stale)
        assert improver.archive.best is not None
        best[stale] = improver.archive.best.score or 0.0
    assert best[20] < 0.01 < 0.1 < best[10**6]


def test_asking_leaves_an_open_session_alone() -> None:
    improver, told = search(150, bowl, stale=10)
    assert tuned(told)
    assert improver.export() is None
    asked = [improver.ask(150, np.random.default_rng(draw)) for draw in range(12)]
    assert OPERATOR in {proposal.operator for proposal in asked}
    assert asked == [improver.ask(150, np.random.default_rng(draw)) for draw in range(12)]


def test_told_the_same_again_it_asks_the_same() -> None:
    improver, told = search(150, bowl, stale=10)
    memory = Memory(BRIEF.seed, *(evaluation.program for evaluation in told if evaluation.program is not None))
    again = Mutate(BRIEF, memory, tuning={"stale": 10})
    for evaluation in told:
        again.tell(evaluation)
    for draw in range(12):
        assert again.ask(150, np.random.default_rng(draw)) == improver.ask(150, np.random.default_rng(draw))


def test_failed_children_rank_last() -> None:
    source = parse(TEXT, "python")
    assert source is not None
    group = literals(View(source, vocabulary("arithmetic")), 10)[0]
    seed = search(0, bowl)[0].islands.of(0).members[0]
    session = Session(Start(0, seed, "main.py", group, "skeleton"), 0.0, 0.3, 0)
    rng = np.random.default_rng(0)
    for index in range(60):
        child = session.sample(rng)
        found = numbers(child)
        assert found is not None
        told = {"index": index, "program": child, "parents": (BRIEF.seed.id,), "operator": OPERATOR}
        failed = found[0] > 3
        session.tell(Evaluation(**told, status="error" if failed else "ok"), inf if failed else rng.random())  # type: ignore[arg-type]
    drawn = [numbers(session.sample(rng)) for _ in range(100)]
    assert sum(found is not None and found[0] < 3 for found in drawn) > 90


TIGHT = Program({"main.py": TEXT.replace("+ B", "+ B + 1e-09")})  # better than the seed, and nothing near it works


def tight(program: Program) -> float | None:
    found = bowl(program)
    if found is not None:
        return found
    return bowl(BRIEF.seed) - 0.01 if program == TIGHT else None  # type: ignore[operator]


def test_where_all_children_fail_tuning_goes_back_to_the_seed() -> None:
    improver, told = search(1_000, tight, TIGHT, stale=20)
    parents = [evaluation.parents[0] for evaluation in tuned(told)]
    assert 0 < parents.count(TIGHT.id) < parents.count(BRIEF.seed.id)
    assert parents.index(TIGHT.id) < parents.index(BRIEF.seed.id)
    assert improver.archive.best is not None
    assert (improver.archive.best.score or 0.0) < 0.01


def test_what_was_kept_to_go_back_to_is_taken_up() -> None:
    improver, told = search(40, lambda one: tight(one) if one in (BRIEF.seed, TIGHT) else None, TIGHT, stale=50)
    memory = Memory(BRIEF.seed, *(evaluation.program for evaluation in told if evaluation.program is not None))
    again = Mutate(BRIEF, memory, tuning={"stale": 50})
    again.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(improver.export())), Told(told))
    parents = set()
    for index in range(1000, 1100):
        proposal = improver.ask(index, np.random.default_rng(index))
        assert again.ask(index, np.random.default_rng(index)) == proposal
        if proposal.operator == OPERATOR:
            parents.add(proposal.parents[0])
        score = tight(proposal.program) if proposal.program is not None and proposal.operator == OPERATOR else None
        made = {"program": proposal.program, "parents": proposal.parents, "operator": proposal.operator}
        status = "error" if score is None else "ok"
        for each in (improver, again):
            each.tell(Evaluation(index=index, **made, status=status, score=score))  # type: ignore[arg-type]
    assert parents == {TIGHT.id, BRIEF.seed.id}


@cache
def paid() -> list[Evaluation]:
    """Returns a search whose first session pays, so that another follows it."""
    return search(1_500, bowl, stale=100)[1]


def test_a_session_that_paid_is_followed_at_once_by_another_from_its_best() -> None:
    told = paid()
    children: dict[str, list[int]] = {}
    for place, evaluation in enumerate(told):
        if evaluation.operator == OPERATOR:
            children.setdefault(evaluation.parents[0], []).append(place)
    (first, earlier), (second, later) = list(children.items())[:2]
    assert later[0] - earlier[-1] < 50
    (found,) = (each for each in told if each.program is not None and each.program.id == second)
    assert (found.operator, found.parents) == (OPERATOR, (first,))


def test_a_late_child_of_an_earlier_session_does_not_pay_for_the_one_that_follows() -> None:
    told = paid()
    first, second = list(dict.fromkeys(each.parents[0] for each in tuned(told)))[:2]
    asked = next(place for place, each in enumerate(told) if each.parents == (second,) and each.operator == OPERATOR)
    memory = Memory(BRIEF.seed, *(each.program for each in told if each.program is not None))
    improver = Mutate(BRIEF, memory, tuning={"stale": 100})
    for each in told[:asked]:
        improver.tell(each)
    share = improver.tuning.share
    late = Program({"main.py": TEXT.replace("3.0", "4.0").replace("8.0", "5.0")})
    improver.tell(Evaluation(index=asked, program=late, parents=(first,), operator=OPERATOR, status="ok", score=-1.0))
    assert improver.tuning.share == share == SHARES[1]


def test_a_barred_best_is_neither_gone_on_from_nor_a_best_to_beat() -> None:
    improver, told = search(150, bowl, stale=10)
    best = min(tuned(told), key=lambda each: each.score if each.score is not None else inf)
    assert best.program is not None
    assert improver.tuning.share > 0
    improver.tell(Evaluation(index=150, program=None, status="no_program", barred=(best.program.id,)))
    assert improver.tuning.share == 0
    standing = improver.tuning.export()
    assert standing is not None
    left = [member.score for island in improver.islands.populations for member in island.members]
    assert standing.best == min(left) > (best.score or 0.0)


def test_without_literals_there_is_no_session() -> None:
    memory = Memory()
    improver = Mutate(brief("def f(x):\n    return x\n", "arithmetic"), memory, tuning={"stale": 1})
    for index in range(-1, 40):
        program = Program({"main.py": f"def f(x):\n    return x{'[0]' * (index + 1)}\n"})
        improver.tell(Evaluation(index=index, program=program, status="ok", score=1.0))
    assert improver.tuning.share == 0.0


def test_a_session_holds_one_place_and_keeps_its_best_there() -> None:
    improver, told = search(200, bowl, stale=10)
    members = [member for island in improver.islands.populations for member in island.members]
    ids = {evaluation.program.id for evaluation in tuned(told) if evaluation.program is not None}
    seats = [member for member in members if member.entry.id in ids]
    assert len(tuned(told)) > 5 * len(seats)
    assert min(member.score for member in seats) == min(evaluation.score or inf for evaluation in tuned(told))


def test_what_does_not_pay_fades() -> None:
    improver, told = search(800, lambda program: float(numbers(program) is None), stale=10)
    early, late = (sum(e.operator == OPERATOR for e in part) for part in (told[:300], told[-300:]))
    assert late < early / 2
    assert improver.archive.best is not None


@pytest.mark.parametrize("status", ["duplicate", "no_program"])
def test_what_was_not_evaluated_moves_nothing(status: str) -> None:
    improver, told = search(150, bowl, stale=10)
    before = improver.ask(150, np.random.default_rng(0))
    child = tuned(told)[-1]
    program = child.program if status == "duplicate" else None
    told_again = Evaluation(index=150, program=program, parents=child.parents, operator=OPERATOR, status=status)  # type: ignore[arg-type]
    improver.tell(told_again)
    assert improver.ask(150, np.random.default_rng(0)) == before


def test_what_is_remembered_between_sessions_is_taken_up() -> None:
    improver, told = search(SETTLED, lambda program: float(numbers(program) is None), stale=10)
    assert tuned(told)
    assert improver.tuning.share == 0.0
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(improver.export()))
    memory = Memory(BRIEF.seed, *(evaluation.program for evaluation in told if evaluation.program is not None))
    again = Mutate(BRIEF, memory, tuning={"stale": 10})
    again.restore(state, Told(told))
    opened = 0
    for index in range(1000, 1100):
        made = Program({"main.py": TEXT.replace("return A", f"return {index} - A")})
        evaluation = Evaluation(index=index, program=made, status="error")
        for each in (improver, again):
            each.tell(evaluation)
        assert again.tuning.share == improver.tuning.share
        opened += improver.tuning.share > 0
        assert again.ask(0, np.random.default_rng(index)) == improver.ask(0, np.random.default_rng(index))
    assert opened
