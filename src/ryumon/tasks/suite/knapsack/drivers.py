"""Packs a knapsack item by item with a candidate's rule. Runs beside the candidate, or on the strict path."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMERIC = frozenset("?bBhHiIlLqQefd")


def pack(priority: Callable[..., Any], profits: NDArray[np.int64], weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the items in the order packed, until none fits. `weights` is int64[items, constraints + 1].

    The last row of `weights` holds the capacities. Of each item that fits the rule gets its profit, its weight's mean
    share of the capacities, its largest share of what is left of one, and the sum of those shares, each weighted by how
    full its constraint is.
    """
    sizes, capacity = weights[:-1], weights[-1]
    shares = (sizes / capacity).mean(axis=1)
    left = capacity.copy()
    items = np.arange(len(sizes))
    packed: list[int] = []
    while True:
        items = items[(sizes[items] <= left).all(axis=1)]
        if not len(items):
            return np.array(packed, np.int64)
        relative = sizes[items] / np.maximum(left, 1)
        full = relative @ (1 - left / capacity)
        scores = priority(profits[items].astype(np.float64), shares[items], relative.max(axis=1), full)
        place = chosen(scores, len(items))
        packed.append(int(items[place]))
        left = left - sizes[items[place]]
        items = np.delete(items, place)


def chosen(scores: Any, count: int) -> int:
    """Returns the index of the largest score, the first on ties; raises ValueError unless there are `count`, finite."""
    if type(scores) is not np.ndarray or scores.shape != (count,) or scores.dtype.char not in NUMERIC:
        raise ValueError(f"priority must return an array of {count} numbers")
    if b"\0" in np.isfinite(scores).tobytes():
        raise ValueError("priority must return finite numbers")
    return int(scores.argmax())
