"""Sorting networks begun at random: instances, and the check that what is claimed sorts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task

WIRES = 7
FEWEST = 16  # comparators of the smallest network (Knuth, volume 3, section 5.3.4)
BEGUN = 4  # comparators given
COUNTS: dict[Split, int] = {"train": 5, "validation": 16, "test": 60}


class SortingNetworks(Task):
    """Networks of seven wires, of which the first four comparators are given."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh beginnings."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{k}", beginning(rng)) for k in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns how many comparators the network has above the smallest one, as a fraction of those."""
        claim = program.drive("drivers.py:complete", "rule.py:priority", WIRES, case.data)
        count = BEGUN + completed(claim, WIRES, case.data)
        return Result(count / FEWEST - 1, feedback=f"{count} comparators; the smallest network has {FEWEST}")


def beginning(rng: np.random.Generator) -> NDArray[np.int64]:
    """Returns random comparators, all different, int64[comparators, 2]."""
    pairs = np.argwhere(np.triu(np.ones((WIRES, WIRES)), 1))
    return rng.permutation(pairs)[:BEGUN]


def completed(claim: object, wires: int, prefix: NDArray[np.int64]) -> int:
    """Returns how many comparators were added; raises `InvalidClaim` unless the network then sorts.

    What sorts all inputs of 0 and 1 sorts everything (the 0-1 principle).
    """
    added = claims.array(claim, np.int64, (None, 2), "the comparators")
    if len(added) > wires**2 or (added < 0).any() or (added >= wires).any() or (added[:, 0] >= added[:, 1]).any():
        raise claims.InvalidClaim("the comparators are not pairs of wires i < j, or too many")
    states = np.arange(2**wires) >> np.arange(wires)[:, None] & 1  # a row for each wire
    for i, j in [*prefix.tolist(), *added.tolist()]:
        states[i], states[j] = states[i] & states[j], states[i] | states[j]
    if (states[:-1] > states[1:]).any():
        raise claims.InvalidClaim("the network does not sort every input")
    return len(added)
