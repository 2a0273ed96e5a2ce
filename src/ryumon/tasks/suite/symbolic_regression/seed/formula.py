import numpy as np


def predict(u: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Returns the predicted value at each point (u, v, w)."""
    value: np.ndarray = u * v
    return value
