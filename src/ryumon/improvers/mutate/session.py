"""One session of numeric tuning: the literals of one file of one program, moved by CMA-ES (Hansen 2016, "The CMA
Evolution Strategy: A Tutorial", arXiv:1604.00772).

It says when it has gained all it will. Which programs have sessions, and when, is `tuning`'s to say.
"""

from copy import deepcopy
from math import ceil, inf, log, sqrt

import msgspec
import numpy as np
from cmaes import CMA

from ryumon.archive import Member
from ryumon.improvers.mutate.literals import Literals, Vector
from ryumon.program import Program
from ryumon.score import Evaluation

OPERATOR = "tune"
IDLE = 300  # tells without a child of the session's, after which it is given up: it has nothing new to propose
LEAST_GAIN = 0.002  # of what a session has gained, that it must gain in each window of generations
FAILED = 1e300  # the loss of a child that failed: the worst rank, and finite since differences are taken
MOST_FAILED = 0.75  # of a generation; where more fail, the numbers are no free ones
LOOK = 8  # first children of which one at least must not have failed


class Start(msgspec.Struct, frozen=True):
    """Where a session may begin: one group of numbers, in one file of a program, with the island that it is for."""

    island: int
    member: Member
    path: str
    numbers: Literals
    skeleton: str


class Session:
    """CMA-ES over the literals of one file of one program. Sampling leaves it as it is.

    `best` and what it is told are losses: lower is better, infinite where there is no score. `seat`: its best child, as
    the member that it is of its island, None while none is better than the program. `finished`: it gains no
    more. `blind`: it saw no way to go, since of its first children nearly all failed or all scored alike.
    """

    def __init__(self, start: Start, loss: float, step: float, doublings: int) -> None:
        self.start = start
        self.seat: Member | None = None
        self.best = loss
        self.finished = self.blind = False
        count = len(start.numbers.values)
        self._cma = CMA(np.zeros(count), step / sqrt(count), seed=0, population_size=_population(count) << doublings)
        self._deviations = np.full(count, step / sqrt(count))
        self._batch: list[tuple[Vector, float]] = []
        self._window = 10 + ceil(30 * count / self._cma.population_size)  # generations: Hansen 2016, B.3, TolHistFun
        self._first = self._before = self._lowest = inf
        self._idle = 0

    @property
    def program(self) -> Program:
        """The parent of all its children."""
        return self.start.member.program

    @property
    def built_on(self) -> set[str]:
        """The ids of the programs that it goes on from, or that the next one would."""
        return {self.program.id} | ({self.seat.entry.id} if self.seat is not None else set())

    def sample(self, rng: np.random.Generator) -> Program:
        """Returns the program with its literals drawn afresh."""
        steps = self._drawn(int(rng.integers(2**32)))
        return self.program.with_file(self.start.path, self.start.numbers.write(steps, self._deviations))

    def read(self, program: Program) -> Vector | None:
        """Returns where a program lies in the session's space, None where it differs in more than the literals."""
        return self.start.numbers.read(program.files.get(self.start.path, ""))

    def tell(self, evaluation: Evaluation, loss: float) -> bool:
        """Takes a loss and returns whether it is a child's. A full generation moves the distribution; what is no child
        of its own only ages it."""
        own = evaluation.operator == OPERATOR and evaluation.parents == (self.program.id,)
        steps = self.read(evaluation.program) if own and evaluation.program is not None else None
        self._idle = 0 if steps is not None else self._idle + 1
        if steps is None:
            self.finished = self.finished or self._idle > IDLE
            return False
        self.best = min(self.best, loss)
        self._batch.append((steps, min(loss, FAILED)))
        self._lowest = min(self._lowest, loss, FAILED)
        if len(self._batch) == self._cma.population_size:
            self._advance()
        elif len(self._batch) == LOOK and self._cma.generation == 0 and self._lowest == FAILED:
            self.finished = self.blind = True
        return True

    def _advance(self) -> None:
        """Moves the distribution by a full generation, and sees whether to go on."""
        self._deviations = np.std([steps for steps, _ in self._batch], axis=0)
        losses = [loss for _, loss in self._batch]
        lost = losses.count(FAILED) > len(losses) * MOST_FAILED or min(losses) == max(losses)
        self.blind = lost and self._cma.generation == 0
        self._cma.tell(self._batch)
        self._batch = []
        self._cma.ask()  # keeps the new distribution's eigenvectors, so that no copy computes them again
        ended = self._cma.generation % self._window == 0
        self.finished = lost or self._cma.should_stop() or (ended and self._stands_still())

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


def _population(count: int) -> int:
    """Returns the size of a generation: Hansen 2016, equation 48, and one more for each number, since what programs
    score has many local optima: see docs/results/search.md."""
    return 4 + int(3 * log(count)) + count
