"""Recovering smooth curves from noisy samples: the cases, and how an answer is scored.

This file is trusted and never enters the sandbox; the candidate does, and all that comes back is what it claims. So the
true curve may be used here freely, and every claim is checked before it is scored. To make a task of your own, change
`cases` and `evaluate`, then seed/, brief.md and task.toml; `ryumon check PATH` tells what does not fit.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task

POINTS = 200
COUNTS: dict[Split, int] = {"train": 12, "validation": 20, "test": 50}


class SmoothCurves(Task):
    """One case is a noisy curve; its data, the samples and the truth, stay in this process."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh curves. A split and a seed always give the same ones, and no two splits share any."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{index}", noisy_curve(rng)) for index in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the mean squared error of the candidate's estimate."""
        samples, truth = case.data
        # The call crosses into the sandbox: the candidate gets a copy of the samples, and we get a claim.
        claim = program.call("smooth.py:smooth", samples)
        # A wrong type, a wrong shape or a NaN raises InvalidClaim, which ends the evaluation as `invalid`.
        estimate = claims.array(claim, np.float64, (POINTS,), "the curve")
        error = estimate - truth
        # The feedback of train cases is what an improver gets to read.
        worst = int(np.abs(error).argmax())
        return Result(
            score=float(np.mean(error**2)),
            metrics={"largest_error": float(np.abs(error).max())},
            feedback=f"largest error {abs(error[worst]):.2f}, at sample {worst} of {POINTS}",
        )


def noisy_curve(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns noisy samples of a random smooth curve, and the curve itself."""
    t = np.linspace(0, 1, POINTS)
    truth = np.zeros(POINTS)
    for _ in range(int(rng.integers(2, 5))):
        truth += rng.normal() * np.sin(2 * np.pi * (rng.uniform(0.5, 6) * t + rng.uniform()))
    return truth + rng.uniform(0.1, 0.5) * rng.normal(size=POINTS), truth
