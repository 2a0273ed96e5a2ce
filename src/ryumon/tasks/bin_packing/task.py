"""Online bin packing with Weibull sizes: instances, and the score recomputed from the claimed packing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task

CAPACITY = 100
ITEMS = 5_000
SHAPE, SCALE = 3.0, 45.0
PROBED = 250  # items: they tell five in six programs that pack a whole instance differently, 500 seven in eight
COUNTS: dict[Split, int] = {"train": 3, "validation": 8, "test": 20}


class BinPacking(Task):
    """5,000 items an instance; the policy sees one item at a time, and never the next."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh instances: 3 to train on, 8 to choose on, 20 to test on."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{index}", sizes(rng)) for index in range(COUNTS[split])]

    def probe(self, seed: int) -> Sequence[Case]:
        """Returns the beginning of the first train instance; a packing's beginning does not depend on its end."""
        return [Case("probe", self.cases("train", seed)[0].data[:PROBED])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the excess of bins over the lower bound."""
        claim = program.drive("drivers.py:pack_online", "policy.py:priority", case.data, CAPACITY)
        loads = bin_loads(claim, case.data)
        bound = lower_bound(case.data)
        wasted = CAPACITY - loads
        return Result(
            score=len(loads) / bound - 1,
            metrics={"bins": float(len(loads)), "lower_bound": float(bound)},
            feedback=f"{len(loads)} bins against a lower bound of {bound}; {np.mean(wasted == 0):.1%} exactly full, "
            f"{np.mean(wasted >= 20):.1%} with 20 or more left",
        )


def sizes(rng: np.random.Generator) -> NDArray[np.int64]:
    """Returns one instance: round(45·Weibull(3)), clipped to 1..100."""
    return np.clip(np.rint(SCALE * rng.weibull(SHAPE, ITEMS)), 1, CAPACITY).astype(np.int64)


def lower_bound(items: NDArray[np.int64]) -> int:
    """Returns ⌈Σ sizes / capacity⌉: no packing uses fewer bins."""
    return -(-int(items.sum()) // CAPACITY)


def bin_loads(claim: object, items: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the load of each bin of a claimed packing; raises `InvalidClaim` unless it is one.

    A packing names a bin for each item, opens bins in order (so none is left out) and overfills none.
    """
    assignment = claims.array(claim, np.int64, (len(items),), "the packing")
    newest = np.maximum.accumulate(np.concatenate(([-1], assignment)))[:-1]
    wrong = np.flatnonzero((assignment < 0) | (assignment > newest + 1))
    if len(wrong):
        raise claims.InvalidClaim(f"item {wrong[0]} goes to bin {assignment[wrong[0]]}, which is not opened in order")
    loads = np.zeros(int(assignment.max()) + 1, np.int64)
    np.add.at(loads, assignment, items)
    full = np.flatnonzero(loads > CAPACITY)
    if len(full):
        raise claims.InvalidClaim(f"bin {full[0]} holds {loads[full[0]]}, above its capacity of {CAPACITY}")
    return loads
