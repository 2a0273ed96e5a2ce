import numpy as np


def priority(item: int, bins: np.ndarray) -> np.ndarray:
    """Returns a priority for each bin; the item goes to the bin with the largest.

    `bins` holds the remaining capacity of each bin that the item fits, in opening order, an empty bin last.
    """
    return -(bins - item)
