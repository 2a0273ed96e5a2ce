"""Knapsacks of several constraints, after Chu and Beasley (1998): instances, and the profit recomputed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task

ITEMS, CONSTRAINTS = 40, 4
COUNTS: dict[Split, int] = {"train": 12, "validation": 40, "test": 60}
Instance = tuple[NDArray[np.int64], NDArray[np.int64]]


class Knapsack(Task):
    """40 items, four constraints that differ in how tight they are."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh instances."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{k}", instance(rng)) for k in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the profit as a fraction of an upper bound."""
        profits, weights = case.data
        profit = packed(program.drive("drivers.py:pack", "rule.py:priority", profits, weights), profits, weights)
        bound = upper_bound(profits, weights)
        return Result(profit / bound, feedback=f"a profit of {profit}; no packing has more than {bound:.0f}")


def instance(rng: np.random.Generator) -> Instance:
    """Returns profits, int64[items], and weights, int64[items + 1, constraints], the capacities last.

    Weights U(1, 1000), a capacity .2 to .7 of their sum, profits correlated with mean weights.
    """
    weights = rng.integers(1, 1001, (ITEMS, CONSTRAINTS))
    capacity = (weights.sum(axis=0) * rng.uniform(0.2, 0.7, CONSTRAINTS)).astype(np.int64)
    profits = (weights.mean(axis=1) + rng.uniform(0, 500, ITEMS)).astype(np.int64) + 1
    return profits, np.vstack([weights, capacity]).astype(np.int64)


def upper_bound(profits: NDArray[np.int64], weights: NDArray[np.int64]) -> float:
    """Returns the least of the bounds by one constraint alone, items divisible (Dantzig 1957): no packing has more."""
    bounds = []
    for sizes, capacity in zip(weights[:-1].T, weights[-1], strict=True):
        order = np.argsort(-profits / sizes)
        before = np.concatenate([[0], np.cumsum(sizes[order])[:-1]])
        bounds.append(float((profits[order] * np.clip((capacity - before) / sizes[order], 0, 1)).sum()))
    return min(bounds)


def packed(claim: object, profits: NDArray[np.int64], weights: NDArray[np.int64]) -> int:
    """Returns the profit of the items packed; raises `InvalidClaim` unless they are distinct and fit."""
    items = claims.array(claim, np.int64, (None,), "the items packed")
    if len(set(items.tolist())) < len(items) or not set(items.tolist()) <= set(range(len(profits))):
        raise claims.InvalidClaim("the items packed are not distinct items")
    if (weights[items].sum(axis=0) > weights[-1]).any():
        raise claims.InvalidClaim("the items packed do not fit")
    return int(profits[items].sum())
