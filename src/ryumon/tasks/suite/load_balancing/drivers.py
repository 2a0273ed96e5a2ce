"""Sends jobs to servers as they arrive. Runs beside the candidate, or in the worker on the strict path."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

REAL = (float, int, np.floating, np.integer, np.bool_)


def assign(
    priority: Callable[..., Any], arrivals: NDArray[np.float64], sizes: NDArray[np.float64], servers: int
) -> NDArray[np.int64]:
    """Returns the server of each job; each server works on its jobs in the order they came.

    Of each server the policy gets the work left on it, the job's size, the size of the job it was sent last, its rank
    from 0 to 1, and how many jobs it has.
    """
    free = [0.0] * servers  # when each server will have done all its work
    last = [0.0] * servers
    ends: list[list[float]] = [[] for _ in range(servers)]
    assignment = []
    for now, size in zip(arrivals.tolist(), sizes.tolist(), strict=True):
        scores = []
        for server in range(servers):
            ends[server] = [end for end in ends[server] if end > now]
            work, rank = max(free[server] - now, 0.0), server / (servers - 1)
            scores.append(number(priority(work, size, last[server], rank, float(len(ends[server])))))
        server = scores.index(max(scores))
        free[server] = max(free[server], now) + size
        ends[server].append(free[server])
        last[server] = size
        assignment.append(server)
    return np.array(assignment, np.int64)


def number(value: Any) -> float:
    """Returns a finite real number as a float; raises ValueError for anything else."""
    made = float(value) if isinstance(value, REAL) else np.nan
    if made - made != 0:
        raise ValueError("priority must return a finite number")
    return made
