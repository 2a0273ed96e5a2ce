import numpy as np


def priority(profit: np.ndarray, share: np.ndarray, peak: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Returns a priority for each item that still fits; the largest is packed. This rule takes the most profit."""
    return profit * 1.0
