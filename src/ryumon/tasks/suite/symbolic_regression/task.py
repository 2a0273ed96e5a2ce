"""Symbolic regression: points on a hidden surface, and the error recomputed from the predictions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task

POINTS = 80
LARGEST_ERROR = 100.0
COUNTS: dict[Split, int] = {"train": 16, "validation": 16, "test": 20}
Floats = NDArray[np.float64]


class SymbolicRegression(Task):
    """80 points a case, each case from a box of its own."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh points."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{k}", points(rng)) for k in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the root mean square error over the values' deviation, at most 100."""
        wanted = law(*case.data)
        found = claims.array(program.call("formula.py:predict", *case.data), np.float64, (POINTS,), "the prediction")
        with np.errstate(over="ignore"):
            error = float(np.sqrt(np.mean((found - wanted) ** 2)) / wanted.std())
        score = min(error, LARGEST_ERROR)
        return Result(score, feedback=f"the error is {score:.3g} of the values' standard deviation")


def points(rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Returns the coordinates, each uniform in a range of width 1.5 to 4 within -1..4."""
    low = rng.uniform(-1, 0, 3)
    u, v, w = rng.uniform(low, low + rng.uniform(1.5, 4, 3), (POINTS, 3)).T
    return u, v, w


def law(u: Floats, v: Floats, w: Floats) -> Floats:
    """Returns the hidden value."""
    value: Floats = np.exp(-((u - 1) ** 2)) * (2.5 * v - w**2 / 2) + 1.5 * u / (1 + np.abs(v - 2))
    return value
