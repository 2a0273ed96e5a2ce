"""Packs a stream of items online. Runs beside the candidate, or in the worker on the strict path; hands out copies."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMERIC = frozenset("?bBhHiIlLqQefd")


def pack(
    priority: Callable[[int, NDArray[np.int64]], Any], items: NDArray[np.int64], capacity: int
) -> NDArray[np.int64]:
    """Returns the bin of each item, bins numbered in opening order."""
    room = np.full(len(items) + 1, capacity, np.int64)
    assignment = np.empty(len(items), np.int64)
    opened = 0
    for step, item in enumerate(items.tolist()):
        fitting = (room[: opened + 1] >= item).nonzero()[0]
        place = int(fitting[chosen(priority(item, room[fitting]), len(fitting))])
        assignment[step] = place
        room[place] -= item
        opened += place == opened
    return assignment


def chosen(scores: Any, count: int) -> int:
    """Returns the index of the largest score, the first on ties; raises ValueError unless there are `count`, finite."""
    if type(scores) is not np.ndarray or scores.shape != (count,) or scores.dtype.char not in NUMERIC:
        raise ValueError(f"priority must return an array of {count} numbers")
    if b"\0" in np.isfinite(scores).tobytes():
        raise ValueError("priority must return finite numbers")
    return int(scores.argmax())
