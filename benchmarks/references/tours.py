"""Construction heuristics for tours."""

import numpy as np
from numpy.typing import NDArray


def farthest_insertion(distances: NDArray[np.float64]) -> NDArray[np.int64]:
    """Farthest insertion (Rosenkrantz, Stearns and Lewis, SIAM Journal on Computing 6, 1977): the city farthest
    from the tour goes in where it costs least."""
    tour = [0]
    gap = distances[0].copy()
    while len(tour) < len(distances):
        city = int(gap.argmax())
        here = np.array(tour)
        after = np.roll(here, -1)
        cost = distances[here, city] + distances[city, after] - distances[here, after]
        tour.insert(int(cost.argmin()) + 1, city)
        gap = np.minimum(gap, distances[city])
        gap[tour] = -1
    return np.array(tour, np.int64)
