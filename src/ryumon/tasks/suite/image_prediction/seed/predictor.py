import numpy as np


def predict(w: np.ndarray, n: np.ndarray, nw: np.ndarray, ne: np.ndarray, ww: np.ndarray, nn: np.ndarray) -> np.ndarray:
    """Returns a prediction of each pixel from its neighbours to the west, north and so on."""
    value: np.ndarray = w + 0.5 * (n - nw)
    return value
