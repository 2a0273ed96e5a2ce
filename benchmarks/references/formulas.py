"""What regression, prediction and circuits should find: the exact formula, or a published predictor."""

import numpy as np
from numpy.typing import NDArray

from ryumon.tasks.suite.comparator.task import wanted
from ryumon.tasks.suite.symbolic_regression.task import law

Floats = NDArray[np.float64]


def comparator(*lines: Floats) -> Floats:
    """The circuit itself."""
    return wanted(np.array(lines)).astype(np.float64)


def median_edge(w: Floats, n: Floats, nw: Floats, ne: Floats, ww: Floats, nn: Floats) -> Floats:
    """The median edge detector of JPEG-LS (Weinberger, Seroussi and Sapiro, IEEE Trans. Image Processing 9, 2000)."""
    low, high = np.minimum(w, n), np.maximum(w, n)
    return np.where(nw >= high, low, np.where(nw <= low, high, w + n - nw))


def hidden_law(u: Floats, v: Floats, w: Floats) -> Floats:
    """The formula that made the data."""
    return law(u, v, w)
