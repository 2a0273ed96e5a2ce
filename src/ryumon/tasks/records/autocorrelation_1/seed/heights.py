import numpy as np

STEPS = 60


def shape(x: np.ndarray) -> np.ndarray:
    """Returns the height at each place x, from -0.25 to 0.25."""
    return 1 + 0 * x


def heights() -> np.ndarray:
    """Returns the heights of equal steps from left to right, none below 0."""
    x = np.linspace(-0.25, 0.25, 2 * STEPS + 1)[1::2]
    steps: np.ndarray = np.maximum(shape(x), 0)
    return steps
