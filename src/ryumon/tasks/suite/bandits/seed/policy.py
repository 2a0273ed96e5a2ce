import numpy as np


def priority(mean: np.ndarray, recent: np.ndarray, pulls: np.ndarray, idle: np.ndarray, step: float) -> np.ndarray:
    """Returns a priority for each arm; the arm with the largest is pulled. This policy is greedy."""
    return mean * 1.0
