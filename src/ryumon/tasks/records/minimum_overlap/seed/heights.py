import numpy as np

STEPS = 60
HALVINGS = 50


def shape(x: np.ndarray) -> np.ndarray:
    """Returns what the height at each place x, from -1 to 1, depends on."""
    return 0 * x


def heights() -> np.ndarray:
    """Returns the heights of equal steps: the shape, moved up or down until it has a mean of 1/2 between 0 and 1."""
    x = np.linspace(-1, 1, 2 * STEPS + 1)[1::2]
    made = shape(x)
    low, high = -made.max(), 1 - made.min()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if np.clip(made + middle, 0, 1).mean() < 0.5 + 1e-12:
            low = middle
        else:
            high = middle
    steps: np.ndarray = np.clip(made + high, 0, 1)
    return steps
