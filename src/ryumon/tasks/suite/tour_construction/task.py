"""Construction of tours: instances, and the length recomputed from the claimed tour."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task

CITIES = 20
COUNTS: dict[Split, int] = {"train": 14, "validation": 40, "test": 80}


class TourConstruction(Task):
    """Twenty cities, uniform in the unit square."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh cities, as distances float64[cities, cities]."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{k}", distances(rng)) for k in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the length of the tour over the length expected of the best, less 1."""
        found = length(program.drive("drivers.py:tour", "rule.py:priority", case.data), case.data)
        return Result(found / expected() - 1, feedback=f"the tour's length is {found:.4g}")


def distances(rng: np.random.Generator) -> NDArray[np.float64]:
    """Returns the distances between uniform random cities."""
    cities = rng.random((CITIES, 2))
    between: NDArray[np.float64] = np.sqrt(((cities[:, None] - cities[None]) ** 2).sum(axis=2))
    return between


def expected() -> float:
    """Returns .7124·√n·(1 + .33/n), about the mean length of a best tour on the torus (Johnson, McGeoch and
    Rothberg 1996); in the square it is more."""
    return 0.7124 * float(np.sqrt(CITIES)) * (1 + 0.33 / CITIES)


def length(claim: object, between: NDArray[np.float64]) -> float:
    """Returns the length of a claimed tour; raises `InvalidClaim` unless it visits each city once."""
    order = claims.array(claim, np.int64, (CITIES,), "the tour")
    if sorted(order.tolist()) != list(range(CITIES)):
        raise claims.InvalidClaim("the tour does not visit each city once")
    return float(between[order, np.roll(order, -1)].sum())
