from itertools import product

import numpy as np

DIMENSIONS = 8


# EVOLVE-BLOCK-START
def priority(
    a: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    d: np.ndarray,
    e: np.ndarray,
    f: np.ndarray,
    g: np.ndarray,
    h: np.ndarray,
) -> np.ndarray:
    """Returns how early each point is looked at, highest first; an argument holds one coordinate of all points."""
    return a * 0


# EVOLVE-BLOCK-END


def build() -> np.ndarray:
    """Returns points as rows: each in turn that is on no line with two taken before it."""
    points = np.array(list(product((0, 1, 2), repeat=DIMENSIONS)))
    powers = 3 ** np.arange(DIMENSIONS - 1, -1, -1)
    blocked = np.zeros(len(points), dtype=bool)
    taken: list[int] = []
    for index in np.argsort(-priority(*points.T), kind="stable"):
        if not blocked[index]:
            blocked[-(points[taken] + points[index]) % 3 @ powers] = True
            taken.append(index)
    return points[taken]
