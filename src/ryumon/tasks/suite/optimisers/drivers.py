"""Minimises a test function by a candidate's update rule. Runs beside the candidate, or on the strict path."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMERIC = frozenset("?bBhHiIlLqQefd")
Floats = NDArray[np.float64]
FARTHEST = 1e4


def descend(
    update: Callable[..., Any], hessian: Floats, quartic: Floats, centre: Floats, start: Floats, steps: int
) -> Floats:
    """Returns the last point reached. The function is d·H·d / 2 + Σ q·d⁴ / 4 with d the distance from `centre`.

    The rule gets the gradient, its exponential averages (rates .1 and .05, the second of squares, both without the bias
    of their start), the last step, and the share of steps that are left.
    """
    point = start.copy()
    velocity, square, last = (np.zeros_like(point) for _ in range(3))
    for step in range(steps):
        distance = point - centre
        gradient = hessian @ distance + quartic * distance**3
        velocity = 0.9 * velocity + 0.1 * gradient
        square = 0.95 * square + 0.05 * gradient**2
        unbiased = velocity / (1 - 0.9 ** (step + 1)), square / (1 - 0.95 ** (step + 1))
        last = vector(update(gradient, *unbiased, last.copy(), 1 - step / steps), len(point))
        point = np.clip(point + last, -FARTHEST, FARTHEST)
    return point


def vector(step: Any, count: int) -> Floats:
    """Returns a step as its own array; raises ValueError unless it is `count` finite numbers."""
    if type(step) is not np.ndarray or step.shape != (count,) or step.dtype.char not in NUMERIC:
        raise ValueError(f"update must return an array of {count} numbers")
    if b"\0" in np.isfinite(step).tobytes():
        raise ValueError("update must return finite numbers")
    return step.astype(np.float64)
