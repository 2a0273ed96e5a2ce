"""Update rules on random test functions: instances, and the score recomputed from the last point."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task

SIZE, STEPS = 5, 30
LOWEST, HIGHEST = -10.0, 2.0
COUNTS: dict[Split, int] = {"train": 10, "validation": 30, "test": 80}
Floats = NDArray[np.float64]
Instance = tuple[Floats, Floats, Floats, Floats]


class Optimisers(Task):
    """Convex functions of five parameters, unlike in scale and conditioning; 30 steps."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh functions, each with a point to start from."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{k}", instance(rng)) for k in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns log10 of the last value over the first, kept within -10 and 2."""
        claim = program.drive("drivers.py:descend", "rule.py:update", *case.data, STEPS)
        *function, start = case.data
        ratio = value(claims.array(claim, np.float64, (SIZE,), "the last point"), *function) / value(start, *function)
        score = float(np.clip(np.log10(max(ratio, 10**LOWEST)), LOWEST, HIGHEST))
        return Result(score, feedback=f"the value fell to {ratio:.3g} of where it started")


def instance(rng: np.random.Generator) -> Instance:
    """Returns a rotated quadratic form with eigenvalues 10^U(-1, 0) times 10^U(-2, 2), quartic terms, the minimum,
    and a start."""
    rotation = np.linalg.qr(rng.standard_normal((SIZE, SIZE)))[0]
    hessian = (rotation * 10 ** rng.uniform(-1, 0, SIZE)) @ rotation.T * 10 ** rng.uniform(-2, 2)
    quartic = rng.exponential(0.2, SIZE) * (rng.random() < 0.5)
    centre = rng.normal(0, 1, SIZE)
    return hessian, quartic, centre, centre + rng.normal(0, 1, SIZE)


def value(point: Floats, hessian: Floats, quartic: Floats, centre: Floats) -> float:
    """Returns the function's value, 0 at its minimum."""
    distance = point - centre
    return float(distance @ hessian @ distance / 2 + (quartic * distance**4).sum() / 4)
