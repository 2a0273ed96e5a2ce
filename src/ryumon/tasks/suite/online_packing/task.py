"""Online bin packing after the OR-library's OR3: instances, and the score recomputed from the claimed packing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task
from ryumon.tasks.suite.stratified import stratified

CAPACITY, SMALLEST, LARGEST = 150, 20, 100
ITEMS = 300
COUNTS: dict[Split, int] = {"train": 3, "validation": 24, "test": 40}


class OnlinePacking(Task):
    """300 items an instance, uniform in 20..100; the policy never sees the next one."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh instances."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{k}", items(rng)) for k in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the excess of bins over ⌈Σ sizes / capacity⌉."""
        bins = packed(program.drive("drivers.py:pack", "policy.py:priority", case.data, CAPACITY), case.data)
        bound = -(-int(case.data.sum()) // CAPACITY)
        return Result(bins / bound - 1, feedback=f"{bins} bins against a lower bound of {bound}")


def items(rng: np.random.Generator) -> NDArray[np.int64]:
    """Returns one instance's sizes."""
    return SMALLEST + ((LARGEST + 1 - SMALLEST) * stratified(rng, ITEMS)).astype(np.int64)


def packed(claim: object, items: NDArray[np.int64]) -> int:
    """Returns how many bins a claimed packing uses; raises `InvalidClaim` unless no bin is overfull or left out."""
    assignment = claims.array(claim, np.int64, (len(items),), "the packing")
    if assignment.min() < 0 or assignment.max() >= len(items):
        raise claims.InvalidClaim(f"the packing names a bin outside of 0..{len(items) - 1}")
    loads = np.bincount(assignment, items)
    if loads.min() <= 0 or loads.max() > CAPACITY:
        raise claims.InvalidClaim("the packing has an empty or an overfull bin")
    return len(loads)
