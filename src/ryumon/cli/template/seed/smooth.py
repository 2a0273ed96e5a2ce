import numpy as np


def smooth(samples: np.ndarray) -> np.ndarray:
    """Returns an estimate of the curve behind the samples: each sample averaged with its two neighbours."""
    weights = np.array([1.0, 1.0, 1.0])
    padded = np.pad(samples, len(weights) // 2, mode="edge")
    return np.convolve(padded, weights / weights.sum(), mode="valid")
