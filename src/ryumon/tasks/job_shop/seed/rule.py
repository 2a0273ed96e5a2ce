import numpy as np


def priority(
    duration: np.ndarray,
    delay: np.ndarray,
    waited: np.ndarray,
    work_left: np.ndarray,
    ops_left: np.ndarray,
    next_duration: np.ndarray,
    next_wait: np.ndarray,
) -> np.ndarray:
    """Returns a priority for each competing operation; the largest is started. This rule is first in, first out."""
    return waited - 1.0 * delay
