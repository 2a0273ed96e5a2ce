import numpy as np


def priority(near: np.ndarray, home: np.ndarray, mean: np.ndarray, closest: np.ndarray, left: float) -> np.ndarray:
    """Returns a priority for each city not yet visited; the largest is next. This rule goes to the nearest."""
    return -near
