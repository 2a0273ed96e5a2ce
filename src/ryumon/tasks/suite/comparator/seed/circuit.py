import numpy as np


def output(
    a: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    d: np.ndarray,
    e: np.ndarray,
    f: np.ndarray,
    g: np.ndarray,
    h: np.ndarray,
) -> np.ndarray:
    """Returns a number for each row of bits, read as 1 where it is above one half. Each input is 0.0 or 1.0."""
    value: np.ndarray = a - e
    return value
