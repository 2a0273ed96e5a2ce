from itertools import combinations, product

import numpy as np

DIMENSIONS = 11


def priority(i: np.ndarray, j: np.ndarray, k: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Returns how early each set of four places i < j < k < m is looked at, highest first."""
    return i * 0


def supports() -> list[tuple[int, ...]]:
    """Returns sets of four places, each in turn that shares at most two places with any taken before it."""
    places = list(combinations(range(DIMENSIONS), 4))
    taken: list[tuple[int, ...]] = []
    for index in np.argsort(-priority(*np.array(places).T), kind="stable"):
        if all(len(set(places[index]) & set(other)) <= 2 for other in taken):
            taken.append(places[index])
    return taken


def arrange() -> np.ndarray:
    """Returns vectors as rows: 1 or -1 at the four places of each set, and 2 or -2 at one place."""
    rows = []
    for support in supports():
        for signs in product((-1, 1), repeat=4):
            row = [0] * DIMENSIONS
            for place, sign in zip(support, signs, strict=True):
                row[place] = sign
            rows.append(row)
    longest = 2 * np.eye(DIMENSIONS, dtype=np.int64)
    return np.concatenate((np.array(rows), longest, -longest))
