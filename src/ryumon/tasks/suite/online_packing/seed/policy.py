import numpy as np


def priority(item: int, bins: np.ndarray) -> np.ndarray:
    """Returns a priority for each bin that the item fits; the largest wins. `bins` holds their remaining capacities."""
    left = bins - item
    return -1.0 * left
