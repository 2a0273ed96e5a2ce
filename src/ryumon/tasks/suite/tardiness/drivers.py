"""Schedules a small job shop with a candidate's rule. Runs beside the candidate, or on the strict path."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

REAL = (float, int, np.floating, np.integer, np.bool_)
Ints = NDArray[np.int64]


def dispatch(priority: Callable[..., Any], machines: Ints, durations: Ints, due: Ints, weights: Ints) -> Ints:
    """Returns the start of each operation, int64[jobs, operations]; no machine idles while an operation waits for it.

    Of each operation that can start the rule gets its duration, the time its job would have to spare (until it is due,
    less its remaining work), how long it has waited, its job's remaining work and operations, and its job's weight.
    """
    routes, times, dues, worth = machines.tolist(), durations.tolist(), due.tolist(), weights.tolist()
    jobs, operations = machines.shape
    after = [0] * jobs  # the next operation of each job
    ready, work = [0] * jobs, [sum(row) for row in times]
    free = [0] * (int(machines.max()) + 1)
    starts = np.zeros((jobs, operations), np.int64)
    waiting = list(range(jobs))
    while waiting:
        begin = [max(ready[job], free[routes[job][after[job]]]) for job in waiting]
        now = min(begin)
        machine = routes[waiting[begin.index(now)]][after[waiting[begin.index(now)]]]
        rivals = [j for j, at in zip(waiting, begin, strict=True) if at == now and routes[j][after[j]] == machine]
        job = rivals[0]
        if len(rivals) > 1:
            scores = [
                number(
                    priority(
                        float(times[j][after[j]]),
                        float(dues[j] - now - work[j]),
                        float(now - ready[j]),
                        float(work[j]),
                        float(operations - after[j]),
                        float(worth[j]),
                    )
                )
                for j in rivals
            ]
            job = rivals[scores.index(max(scores))]
        duration = times[job][after[job]]
        starts[job, after[job]] = now
        ready[job] = free[machine] = now + duration
        work[job] -= duration
        after[job] += 1
        if after[job] == operations:
            waiting.remove(job)
    return starts


def number(value: Any) -> float:
    """Returns a finite real number as a float; raises ValueError for anything else."""
    made = float(value) if isinstance(value, REAL) else np.nan
    if made - made != 0:
        raise ValueError("priority must return a finite number")
    return made
