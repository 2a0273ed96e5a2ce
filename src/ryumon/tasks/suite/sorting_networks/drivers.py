"""Completes a sorting network with a candidate's rule. Runs beside the candidate, or on the strict path."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMERIC = frozenset("?bBhHiIlLqQefd")
Ints = NDArray[np.int64]


def complete(priority: Callable[..., Any], wires: int, prefix: Ints) -> Ints:
    """Returns the comparators added behind `prefix`, int64[comparators, 2], until every input of 0 and 1 is sorted.

    A comparator (i, j), i < j, moves the smaller value to wire i. Of each one that would still exchange values the
    rule gets j - i, the share of the distinct states it would exchange, the share it finds in order and apart, the
    comparators on its two wires so far, and the depth of the deeper wire.
    """
    network = Network(wires)
    for i, j in prefix.tolist():
        network.add(i, j)
    added: list[tuple[int, int]] = []
    while True:
        swaps, apart = network.exchanges()
        rows, columns = swaps.nonzero()
        if not len(rows):
            return np.array(added, np.int64).reshape(-1, 2)
        scores = priority(
            (columns - rows).astype(np.float64),
            swaps[rows, columns],
            apart[rows, columns],
            network.uses[rows] + network.uses[columns],
            np.maximum(network.depth[rows], network.depth[columns]),
        )
        place = chosen(scores, len(rows))
        i, j = int(rows[place]), int(columns[place])
        network.add(i, j)
        added.append((i, j))


class Network:
    """The distinct states that all inputs of 0 and 1 have come to, float64[states, wires]."""

    def __init__(self, wires: int) -> None:
        self.states = (np.arange(2**wires)[:, None] >> np.arange(wires) & 1).astype(np.float64)
        self._bits = 2.0 ** np.arange(wires)
        self.uses, self.depth = np.zeros(wires), np.zeros(wires)

    def exchanges(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns for i < j the share of states with 1 on wire i and 0 on j, and with 0 on i and 1 on j."""
        ones = self.states.T @ (1 - self.states) / len(self.states)
        return np.triu(ones), np.triu(ones.T)

    def add(self, i: int, j: int) -> None:
        """Appends a comparator, and merges the states that it makes alike."""
        low, high = self.states[:, i].copy(), self.states[:, j].copy()
        self.states[:, i], self.states[:, j] = low * high, np.maximum(low, high)
        self.states = self.states[np.unique(self.states @ self._bits, return_index=True)[1]]
        self.uses[[i, j]] += 1
        self.depth[[i, j]] = max(self.depth[i], self.depth[j]) + 1


def chosen(scores: Any, count: int) -> int:
    """Returns the index of the largest score, the first on ties; raises ValueError unless there are `count`, finite."""
    if type(scores) is not np.ndarray or scores.shape != (count,) or scores.dtype.char not in NUMERIC:
        raise ValueError(f"priority must return an array of {count} numbers")
    if b"\0" in np.isfinite(scores).tobytes():
        raise ValueError("priority must return finite numbers")
    return int(scores.argmax())
