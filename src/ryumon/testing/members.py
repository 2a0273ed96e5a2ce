"""Members for the conformance suites of parent rules and of populations, made through a real archive."""

import gc
import sys
from collections.abc import Callable, Sequence
from types import FrameType

import numpy as np

from ryumon.archive import Archive, Member, member_of
from ryumon.archive.member import ranking
from ryumon.program import Program
from ryumon.score import CaseResult, Direction, Evaluation

DIRECTIONS: tuple[Direction, ...] = ("minimize", "maximize")
EXTREMES = (
    (1.7e308, -1.7e308, 0.0, 1.0),
    (1e300, 1e300, 1e300),
    (5e-324, 1e-310, 0.0, -0.0),
    (1.0, 1.0 + 2**-52, 1.0 - 2**-53),
    (-1e-300, 1e300, 3.0, 3.0),
)


class Offers:
    """Makes members one after another, as a run would tell of them."""

    def __init__(self, direction: Direction) -> None:
        self.archive = Archive(direction)

    def member(
        self, score: float, cases: Sequence[float] = (), *, twin: str | None = None, parents: tuple[str, ...] = ()
    ) -> Member:
        """Returns a new member of this score; a program of its own, whose length varies, and a metric `length`."""
        index = len(self.archive)
        program = Program({"a.py": f"x = {index}  " + "(" * (index * 7 % 5) + "#" * (index * 31 % 17) + "\n"})
        told = Evaluation(
            index=index,
            program=program,
            parents=parents,
            status="ok" if twin is None else "twin",
            score=score if twin is None else None,
            cases=tuple(
                CaseResult(str(number), case, {"length": float(program.size)}) for number, case in enumerate(cases)
            ),
            twin=twin,
        )
        entry = self.archive.add(told)
        assert entry is not None
        return member_of(told, program, entry, score)


def ordered(direction: Direction, scores: Sequence[float], cases: Sequence[Sequence[float]] = ()) -> list[Member]:
    """Returns members of these scores, best first; `cases` holds the scores on cases, by member."""
    offers = Offers(direction)
    made = [offers.member(score, cases[number] if cases else (score,)) for number, score in enumerate(scores)]
    return sorted(made, key=ranking(direction))


def random_cases(seed: int, members: int, cases: int, *, ties: bool = False) -> list[list[float]]:
    """Returns random scores by member and case; with `ties` they are few whole numbers."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, 4, (members, cases)) if ties else rng.normal(size=(members, cases))
    rows: list[list[float]] = drawn.astype(float).tolist()
    return rows


def calls(work: Callable[[], object]) -> int:
    """Returns how many calls `work` makes, of Python and of built-in functions: a cost that no clock measures."""
    count = 0

    def seen(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()  # a collection calls whoever listens to it
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()
    return count
