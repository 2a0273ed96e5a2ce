"""Builds a job-shop schedule with a candidate's dispatching rule.

Runs beside the candidate in the sandbox, or in the worker with each call crossing into the sandbox; both give the same
schedule. It holds no instance and no answer, and hands out copies only.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMERIC = frozenset("?bBhHiIlLqQefd")


def dispatch(
    priority: Callable[..., Any], machines: NDArray[np.int64], durations: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Returns the start of each operation, int64[jobs, operations]: an active schedule (Giffler and Thompson 1960).

    Again and again the operation that could end first names a machine; the jobs that could start on that machine before
    this end are rivals for it, and where there are several the rule chooses.
    """
    shop = Shop(machines, durations)
    for _ in range(machines.size):
        job, rivals = shop.rivals()
        if len(rivals) > 1:
            job = int(rivals[chosen(priority(*shop.features(rivals)), len(rivals))])
        shop.schedule(job)
    return shop.starts


class Shop:
    """A schedule under construction."""

    def __init__(self, machines: NDArray[np.int64], durations: NDArray[np.int64]) -> None:
        jobs, self._length = machines.shape
        # Zeros behind the last operation, so that a job's next one and the one after always exist.
        self._machine = np.concatenate([machines, np.zeros((jobs, 2), np.int64)], axis=1)
        self._duration = np.concatenate([durations, np.zeros((jobs, 2), np.int64)], axis=1)
        self._left = self._duration[:, ::-1].cumsum(axis=1)[:, ::-1]
        self._never = 2 * int(durations.sum()) + 1
        self._rows = np.arange(jobs)
        self._next = np.zeros(jobs, np.int64)  # each job's next operation
        self._ready = np.zeros(jobs, np.int64)  # when that operation's job is free for it
        self._free = np.zeros(int(machines.max()) + 1, np.int64)  # when each machine is free
        self._start = np.zeros(jobs, np.int64)  # when each next operation could start
        self.starts = np.zeros((jobs, self._length), np.int64)

    def rivals(self) -> tuple[int, NDArray[np.intp]]:
        """Returns the job that could end first, and all that could start on its machine before that end."""
        machine = self._machine[self._rows, self._next]
        self._start = np.maximum(self._ready, self._free[machine])
        end = self._start + self._duration[self._rows, self._next]
        done = self._next == self._length
        end[done] = self._never
        first = int(end.argmin())
        return first, ((machine == machine[first]) & (self._start < end[first]) & ~done).nonzero()[0]

    def features(self, rivals: NDArray[np.intp]) -> list[NDArray[np.float64]]:
        """Returns what a rule sees of the rivals, in new arrays, in the order of its arguments."""
        place = self._next[rivals]
        start = self._start[rivals]
        duration = self._duration[rivals, place]
        now = start.min()
        queue = self._free[self._machine[rivals, place + 1]] - (start + duration)
        columns = (
            duration,
            start - now,
            np.maximum(now - self._ready[rivals], 0),
            self._left[rivals, place],
            self._length - place,
            self._duration[rivals, place + 1],
            np.where(place + 1 < self._length, np.maximum(queue, 0), 0),
        )
        return [column.astype(np.float64) for column in columns]

    def schedule(self, job: int) -> None:
        """Starts the job's next operation as early as it can."""
        place = self._next[job]
        start = self._start[job]
        self.starts[job, place] = start
        self._ready[job] = self._free[self._machine[job, place]] = start + self._duration[job, place]
        self._next[job] += 1


def chosen(scores: Any, count: int) -> int:
    """Returns the index of the largest score, the first on ties; raises ValueError unless there are `count`, finite."""
    if type(scores) is not np.ndarray:
        raise ValueError(f"priority must return a numpy array, not {type(scores).__name__}")
    if scores.shape != (count,) or scores.dtype.char not in NUMERIC:
        raise ValueError(f"priority must return {count} numbers, not {scores.dtype} with shape {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("priority must return finite numbers")
    return int(scores.argmax())
