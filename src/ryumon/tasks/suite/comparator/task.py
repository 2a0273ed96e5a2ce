"""A comparator of two numbers of four bits, to be learnt from rows of its truth table."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task

BITS = 4
ROWS = 160
COUNTS: dict[Split, int] = {"train": 3, "validation": 6, "test": 24}
Floats = NDArray[np.float64]


class Comparator(Task):
    """160 rows a case, drawn from the 256 there are."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh rows, float64[inputs, rows] of 0 and 1."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        table = np.arange(4**BITS) >> np.arange(2 * BITS)[:, None] & 1
        return [Case(f"{split}-{k}", rng.permutation(table, axis=1)[:, :ROWS] * 1.0) for k in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the share of rows that are wrong."""
        claim = claims.array(program.call("circuit.py:output", *case.data), np.float64, (ROWS,), "the output")
        wrong = (claim > 0.5) != wanted(case.data)
        return Result(float(wrong.mean()), feedback=f"{int(wrong.sum())} of {ROWS} rows are wrong")


def wanted(rows: Floats) -> NDArray[np.bool_]:
    """Returns whether the first number is above the second, the most significant bit of each first, bool[rows]."""
    weights = 2.0 ** np.arange(BITS)[::-1]
    above: NDArray[np.bool_] = weights @ rows[:BITS] > weights @ rows[BITS:]
    return above
