import numpy as np


def priority(span: np.ndarray, swaps: np.ndarray, apart: np.ndarray, uses: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Returns a priority for each comparator that is still of use; the largest is added. Greedy: most exchanges."""
    return swaps * 1.0
