"""Stratified draws: instances differ less in how hard they are, so that a few of them tell more of a program.

Of n numbers one lies in each n-th of the interval, in random order: a Latin hypercube of one dimension (McKay, Beckman
and Conover, Technometrics 21 (1979)).
"""

import numpy as np
from numpy.typing import NDArray


def stratified(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    """Returns draws from U(0, 1), float64 of the shape, stratified along its last axis."""
    count = shape[-1]
    return rng.permuted((np.arange(count) + rng.random(shape)) / count, axis=-1)
