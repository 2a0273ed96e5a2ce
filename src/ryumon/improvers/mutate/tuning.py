"""Numeric tuning: the literals of one program at a time are moved by CMA-ES (Hansen 2016, "The CMA Evolution Strategy:
A Tutorial", arXiv:1604.00772), as an operator of its own.

A session is opened on a program that stands at the head of its island when nothing else improves, and closed when it
gains no more. Its share of the asks is earned: it follows what tuning and all other edits gained for each evaluation.
All of this is decided in `tell`. It neither chooses the parents of other edits nor looks at what numbers are for.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from hashlib import blake2b
from itertools import takewhile
from math import inf, isfinite, log, sqrt

import msgspec
import numpy as np
from cmaes import CMA

from ryumon.archive import Member, Population
from ryumon.improvers.base import Known
from ryumon.improvers.mutate.literals import Literals, Vector, literals
from ryumon.improvers.mutate.view import View
from ryumon.program import Program, Proposal
from ryumon.score import UNEVALUATED, Direction, Evaluation

OPERATOR = "tune"
TRIES = 3
SHARES = (0.1, 0.9)  # of the asks that an open session gets, at least and at most
TRIAL = 0.5  # its share until it brings a new best
MEMORY = 0.99  # by which a kind's gains and evaluations count less with each further one of its own
IDLE = 300  # tells without a child of the session's, after which it is given up: it has nothing new to propose
LEAST_GAIN = 0.002  # of what a session has gained, that it must gain in each window of generations
FAILED = 1e300  # the loss of a child that failed: the worst rank, and finite since differences are taken
MOST_FAILED = 0.75  # of a generation; where more fail, the numbers are no free ones
SKELETONS = 1_024  # of which it is remembered how often they were tuned
MOST_VAIN = 5  # doublings of the wait after sessions that gained nothing
DOUBLINGS = (
    3  # of the population, one for each session that paid before on the same skeleton (IPOP, Auger and Hansen 2005)
)


class TuningSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of `Tuning`.

    `stale`: tells without a new best before a session opens, doubled after each that gained nothing; 0, the default
    until it is shown what sessions cost where they do not pay, for none. `step`: length of a first step, in units of
    the numbers' own sizes. `most`: numbers tuned at once.
    """

    stale: int = 0
    step: float = 0.3
    most: int = 128


class Rate(msgspec.Struct, forbid_unknown_fields=True):
    """Gain for each evaluation, recent ones first."""

    gain: float = 0.0
    told: float = 0.0

    def add(self, gain: float) -> None:
        """Counts one more evaluation."""
        self.gain, self.told = MEMORY * self.gain + gain, MEMORY * self.told + 1

    @property
    def value(self) -> float:
        """The mean gain of an evaluation."""
        return self.gain / self.told if self.told else 0.0


class Standing(msgspec.Struct, forbid_unknown_fields=True):
    """What `Tuning` remembers between sessions: rates of tuning and of all other edits, the least loss, tells since it
    or since the last session, sessions in a row that gained nothing; for each skeleton, by its digest, how many
    sessions there were and how many of them paid."""

    tuning: Rate
    editing: Rate
    best: float | None = None
    since: int = 0
    vain: int = 0
    held: dict[str, tuple[int, int]] = {}


class Session:
    """CMA-ES over the literals of one file of one program. Sampling leaves it as it is.

    `best` and what it is told are losses: lower is better, infinite where there is no score.
    """

    def __init__(
        self, program: Program, loss: float, island: int, path: str, numbers: Literals, step: float, doublings: int
    ) -> None:
        self.program, self.island, self.seat = program, island, ""
        self.best = loss
        self.finished = False
        self._path, self.numbers = path, numbers
        count = len(numbers.values)
        self._cma = CMA(np.zeros(count), step / sqrt(count), seed=0, population_size=_population(count) << doublings)
        self._deviations = np.full(count, step / sqrt(count))
        self._batch: list[tuple[Vector, float]] = []
        self._window = 4 + count // 2
        self._first = self._before = self._lowest = inf
        self._idle = 0

    def sample(self, rng: np.random.Generator) -> Program:
        """Returns the program with its literals drawn afresh."""
        steps = self._drawn(int(rng.integers(2**32)))
        return self.program.with_file(self._path, self.numbers.write(steps, self._deviations))

    def read(self, program: Program) -> Vector | None:
        """Returns where a program lies in the session's space, None where it differs in more than the literals."""
        return self.numbers.read(program.files.get(self._path, ""))

    def tell(self, evaluation: Evaluation, loss: float) -> None:
        """Takes a child's loss; a full generation moves the distribution. What is no child of its own only ages it."""
        own = evaluation.operator == OPERATOR and evaluation.parents == (self.program.id,)
        steps = self.read(evaluation.program) if own and evaluation.program is not None else None
        self._idle = 0 if steps is not None else self._idle + 1
        if steps is None:
            self.finished = self.finished or self._idle > IDLE
            return
        self.best = min(self.best, loss)
        self._batch.append((steps, min(loss, FAILED)))
        self._lowest = min(self._lowest, loss, FAILED)
        if len(self._batch) == self._cma.population_size:
            self._advance()

    def _advance(self) -> None:
        """Moves the distribution by a full generation, and sees whether to go on."""
        self._deviations = np.std([steps for steps, _ in self._batch], axis=0)
        losses = [loss for _, loss in self._batch]
        blind = losses.count(FAILED) > len(losses) * MOST_FAILED or min(losses) == max(losses)
        self._cma.tell(self._batch)
        self._batch = []
        self._cma.ask()  # keeps the new distribution's eigenvectors, so that no copy computes them again
        ended = self._cma.generation % self._window == 0
        self.finished = blind or self._cma.should_stop() or (ended and self._stands_still())

    def _stands_still(self) -> bool:
        """Returns whether the window of generations that has just ended gained too little on the one before.

        The first ones lie behind the program itself as a rule, so windows are compared with each other.
        """
        gained, reached = self._before - self._lowest, self._first - self._lowest
        first = self._before == inf
        self._first = self._lowest if first else self._first
        self._before, self._lowest = self._lowest, inf
        return not first and gained <= LEAST_GAIN * max(reached, 0.0)

    def _drawn(self, seed: int) -> Vector:
        copied = deepcopy(self._cma)
        copied.reseed_rng(seed)
        steps: Vector = copied.ask()
        return steps


class Tuning:
    """Opens and closes sessions, one at a time, and says which asks are theirs; in losses, where lower is better.

    `view` gives the analysed text of a file, `paths` are the files that may be edited.
    """

    def __init__(
        self,
        settings: TuningSettings,
        direction: Direction,
        known: Known,
        view: Callable[[str], View | None],
        paths: Sequence[str],
    ) -> None:
        self._settings, self._known, self._view, self._paths = settings, known, view, paths
        self._sign = 1.0 if direction == "minimize" else -1.0
        self._session: Session | None = None
        self._standing = Standing(Rate(), Rate())
        self._paid = False

    @property
    def share(self) -> float:
        """The share of the asks that are the open session's, 0 where there is none."""
        if self._session is None:
            return 0.0
        if not self._paid:
            return TRIAL
        own, other = self._standing.tuning.value, self._standing.editing.value
        if own == 0:
            return SHARES[0]
        return min(max(own / (own + other), SHARES[0]), SHARES[1])

    def ask(self, rng: np.random.Generator) -> Proposal | None:
        """Returns a child of the open session; None where there is none, it is not its turn, or nothing is new."""
        session = self._session
        if session is None or rng.random() >= self.share:
            return None
        for _ in range(TRIES):
            child = session.sample(rng)
            if not self._known.seen(child):
                return Proposal(program=child, parents=(session.program.id,), operator=OPERATOR)
        return None

    def admit(self, member: Member, populations: Sequence[Population]) -> bool:
        """Returns whether `member` is of the open session, which holds one place, for its best, on its own island.

        To be called before `tell`. So many children of one text would else fill the islands.
        """
        session = self._session
        if session is None or member.entry.parents != (session.program.id,) or session.read(member.program) is None:
            return False
        if self._sign * member.score < session.best:
            island = populations[session.island]
            island.remove(session.seat)
            island.admit(member)
            session.seat = member.entry.id
        return True

    def tell(self, evaluation: Evaluation, score: float | None, populations: Sequence[Population]) -> None:
        """Takes the score that a program competes with, None where it failed; opens or closes a session."""
        if self._session is not None and self._session.program.id in evaluation.barred:
            self._session = None
        if evaluation.status in UNEVALUATED:
            return
        loss = self._sign * score if score is not None else inf
        own = evaluation.operator == OPERATOR
        gained = self._count(loss, own)
        self._paid = self._paid or (own and gained)
        session, standing = self._session, self._standing
        if session is None:
            if 0 < self._settings.stale << standing.vain <= standing.since:
                self._open(populations)
            return
        session.tell(evaluation, loss)
        if session.finished:
            standing.vain = 0 if self._paid else min(standing.vain + 1, MOST_VAIN)
            self._remember(session.numbers, 0, int(self._paid))
            standing.since, self._session = 0, None

    def export(self) -> Standing | None:
        """Returns what is remembered between sessions; None while one is open."""
        return self._standing if self._session is None else None

    def restore(self, standing: Standing) -> None:
        """Takes up what `export` gave."""
        self._standing = standing

    def _count(self, loss: float, own: bool) -> bool:
        """Counts an evaluation and returns whether it is a new best."""
        standing = self._standing
        best = standing.best if standing.best is not None else inf
        better = _rounded(loss) < _rounded(best)
        rate = standing.tuning if own else standing.editing
        rate.add(best - loss if better and isfinite(best) else 0.0)
        standing.since = 0 if better else standing.since + 1
        standing.best = loss if loss < best else standing.best
        return better

    def _remember(self, numbers: Literals, held: int, paid: int) -> tuple[int, int]:
        """Adds to the sessions of a skeleton and to those that paid; returns both. Old skeletons are forgotten."""
        sessions, known = self._standing.held, _digest(numbers)
        before = sessions.pop(known, (0, 0))
        found = before[0] + held, before[1] + paid
        if any(found):
            sessions[known] = found
        if len(sessions) > SKELETONS:
            del sessions[next(iter(sessions))]
        return found

    def _open(self, populations: Sequence[Population]) -> None:
        """Opens a session on the head of an island, on the skeleton that was tuned least; the best among equals."""
        found: list[tuple[int, float, int, int, str, Literals, Member]] = []
        for island, population in enumerate(populations):
            for member in _head(population):
                loss = self._sign * member.score
                for path, numbers in self._groups(member.program):
                    held = self._remember(numbers, 0, 0)[0]
                    found.append((held, _rounded(loss), len(found), island, path, numbers, member))
        if not found:
            self._standing.since = 0
            return
        _, _, _, island, path, numbers, member = min(found, key=lambda each: each[:3])
        doublings = min(self._remember(numbers, 1, 0)[1], DOUBLINGS)
        self._paid = False
        loss, step = self._sign * member.score, self._settings.step
        self._session = Session(member.program, loss, island, path, numbers, step, doublings)

    def _groups(self, program: Program) -> Iterator[tuple[str, Literals]]:
        """Yields the numbers that may be tuned together, each group with its file."""
        for path in self._paths:
            view = self._view(program.files[path]) if program.files.get(path) else None
            for numbers in literals(view, self._settings.most) if view is not None else ():
                yield path, numbers


def _head(population: Population) -> list[Member]:
    """Returns the oldest of the members that are as good as the best, none where there are no members.

    A younger one may owe its last digit to a margin that it gave up, and all that is near it then fails.
    """
    best = population.members[0].score if population.members else 0.0
    equals = takewhile(lambda member: _rounded(member.score) == _rounded(best), population.members)
    return sorted(equals, key=lambda member: member.entry.index)[:1]


def _digest(numbers: Literals) -> str:
    return blake2b("\0".join(numbers.skeleton).encode(), digest_size=8).hexdigest()


def _rounded(score: float) -> float:
    """Returns a score without the digits that mean nothing."""
    return float(f"{score:.9g}")


def _population(count: int) -> int:
    """Returns the size of a generation: Hansen 2016, equation 48, and a quarter of the numbers, since what programs
    score is seldom smooth: on the 52 centres of 26 circles, 30 ended at 2.604 to 2.607, 15 at 2.54 to 2.61."""
    return 4 + int(3 * log(count)) + count // 4
