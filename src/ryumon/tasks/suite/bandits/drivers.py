"""Plays a bandit. Runs beside the candidate, or in the worker on the strict path; hands out copies."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMERIC = frozenset("?bBhHiIlLqQefd")
RATE = 0.25


def play(priority: Callable[..., Any], rewards: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns the arm pulled at each step; each arm is pulled once first. `rewards` is float64[steps, arms].

    The policy gets, for each arm, the mean reward of its pulls, their exponential average (the latest weighs a
    quarter), their number and the steps since the latest; and the step.
    """
    steps, arms = rewards.shape
    pulled = np.arange(steps)
    mean = rewards[np.arange(arms), np.arange(arms)]
    recent, pulls, idle = mean.copy(), np.ones(arms), np.arange(arms, 0, -1.0)
    for step in range(arms, steps):
        arm = chosen(priority(mean.copy(), recent.copy(), pulls.copy(), idle.copy(), float(step)), arms)
        reward = rewards[step, arm]
        pulls[arm] += 1
        mean[arm] += (reward - mean[arm]) / pulls[arm]
        recent[arm] += (reward - recent[arm]) * RATE
        idle += 1
        idle[arm] = 1
        pulled[step] = arm
    return pulled


def chosen(scores: Any, count: int) -> int:
    """Returns the index of the largest score, the first on ties; raises ValueError unless there are `count`, finite."""
    if type(scores) is not np.ndarray or scores.shape != (count,) or scores.dtype.char not in NUMERIC:
        raise ValueError(f"priority must return an array of {count} numbers")
    if b"\0" in np.isfinite(scores).tobytes():
        raise ValueError("priority must return finite numbers")
    return int(scores.argmax())
