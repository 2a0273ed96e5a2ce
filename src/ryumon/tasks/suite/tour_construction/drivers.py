"""Builds a tour city by city with a candidate's rule. Runs beside the candidate, or on the strict path."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMERIC = frozenset("?bBhHiIlLqQefd")


def tour(priority: Callable[..., Any], distances: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns the cities in the order visited, from city 0.

    Of each city not yet visited the rule gets its distance from the city at hand and from city 0, the mean to the
    others not yet visited and that to the closest of them, all in mean distances; and the share of cities left.
    """
    scaled = distances / distances.mean()
    free = np.arange(1, len(distances))
    visited = [0]
    while len(free) > 1:
        among = scaled[np.ix_(free, free)]
        mean = among.sum(axis=1) / (len(free) - 1)
        among.flat[:: len(free) + 1] = np.inf
        share = len(free) / len(distances)
        scores = priority(scaled[visited[-1], free], scaled[0, free], mean, among.min(axis=1), share)
        place = chosen(scores, len(free))
        visited.append(int(free[place]))
        free = np.delete(free, place)
    return np.array([*visited, *free.tolist()], np.int64)


def chosen(scores: Any, count: int) -> int:
    """Returns the index of the largest score, the first on ties; raises ValueError unless there are `count`, finite."""
    if type(scores) is not np.ndarray or scores.shape != (count,) or scores.dtype.char not in NUMERIC:
        raise ValueError(f"priority must return an array of {count} numbers")
    if b"\0" in np.isfinite(scores).tobytes():
        raise ValueError("priority must return finite numbers")
    return int(scores.argmax())
