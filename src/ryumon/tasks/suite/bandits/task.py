"""Restless Bernoulli bandits: instances, and the regret recomputed from the arms pulled."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task
from ryumon.tasks.suite.stratified import stratified

STEPS, ARMS = 80, 5
PHASES, ABOUT = 3, 6  # of equal length, give or take
COUNTS: dict[Split, int] = {"train": 14, "validation": 40, "test": 160}
Instance = tuple[NDArray[np.float64], NDArray[np.float64]]


class Bandits(Task):
    """Five arms, 80 pulls; all chances of a reward change twice, at times the policy is not told."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh bandits, each the chances and the rewards of every arm at every step."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{k}", instance(rng)) for k in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the mean difference between the chance of the best arm and of the arm pulled."""
        chances, rewards = case.data
        claim = program.drive("drivers.py:play", "policy.py:priority", rewards)
        pulled = claims.array(claim, np.int64, (STEPS,), "the arms pulled")
        if pulled.min() < 0 or pulled.max() >= ARMS:
            raise claims.InvalidClaim(f"there is no arm outside of 0..{ARMS - 1}")
        regret = chances.max(axis=1) - chances[np.arange(STEPS), pulled]
        return Result(float(regret.mean()), feedback=f"the best arm was pulled in {np.mean(regret == 0):.0%} of steps")


def instance(rng: np.random.Generator) -> Instance:
    """Returns chances U(0, 1) for each phase and arm, one in each fifth, and rewards drawn from them: both
    float64[steps, arms]."""
    ends = np.arange(1, PHASES) * STEPS // PHASES + rng.integers(-ABOUT, ABOUT + 1, PHASES - 1)
    phase = np.searchsorted(ends, np.arange(STEPS), side="right")
    chances = stratified(rng, PHASES, ARMS)[phase]
    return chances, (chances > stratified(rng, ARMS, STEPS).T).astype(np.float64)
