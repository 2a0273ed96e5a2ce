"""Serves a trace of requests from a cache. Runs beside the candidate, or in the worker on the strict path."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

REAL = (float, int, np.floating, np.integer, np.bool_)


def serve(worth: Callable[..., Any], trace: NDArray[np.int64], slots: int) -> NDArray[np.int64]:
    """Returns the page that made room, for each miss that found the cache full: the one worth least.

    At each request the policy gets its number, how often the page has been used, this time included, the requests since
    the time before, and what it was worth then (both 0 the first time). Pages that made room are remembered.
    """
    latest: dict[int, int] = {}
    uses: dict[int, int] = {}
    value: dict[int, float] = {}
    cached: list[int] = []
    removed = []
    for now, page in enumerate(trace.tolist()):
        uses[page] = uses.get(page, 0) + 1
        gap = now - latest.get(page, now)
        made = number(worth(float(now), float(uses[page]), float(gap), value.get(page, 0.0)))
        if page not in cached:
            if len(cached) == slots:
                removed.append(cached.pop(min(range(slots), key=[value[other] for other in cached].__getitem__)))
            cached.append(page)
        latest[page], value[page] = now, made
    return np.array(removed, np.int64)


def number(value: Any) -> float:
    """Returns a finite real number as a float; raises ValueError for anything else."""
    made = float(value) if isinstance(value, REAL) else np.nan
    if made - made != 0:
        raise ValueError("worth must return a finite number")
    return made
