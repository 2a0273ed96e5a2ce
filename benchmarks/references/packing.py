"""Rules for packing: online bins and knapsacks."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EDGES = np.array([2, 3, 5, 7, 9, 12, 15, 18, 21])
VALUES = np.array([4, 3, 2, 1, 0.9, 0.95, 0.97, 0.98, 0.98, 0.99])


def funsearch_or(item: int, bins: NDArray[np.int64]) -> Floats:
    """FunSearch's policy for the OR-library's instances (Romera-Paredes et al., Nature 625, 2024): a table of what is
    left; tight fits first, then room for another item."""
    scores: Floats = VALUES[np.searchsorted(EDGES, bins - item)]
    return scores


def toyoda(profits: NDArray[np.int64], weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Toyoda's greedy (Management Science 21, 1975): profit over the weights' sum, weighted by what is used of each."""
    sizes, capacity = weights[:-1] / weights[-1], weights[-1]
    used = np.zeros(len(capacity))
    packed: list[int] = []
    free = np.arange(len(sizes))
    while True:
        free = free[(weights[free] + weights[packed].sum(axis=0) <= capacity).all(axis=1)]
        if not len(free):
            return np.array(packed, np.int64)
        cost = sizes[free] @ used if used.any() else sizes[free].sum(axis=1)
        place = int((profits[free] / cost).argmax())
        packed.append(int(free[place]))
        used += sizes[free[place]]
        free = np.delete(free, place)


def exchanged(profits: NDArray[np.int64], weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Toyoda's packing improved by additions and by exchanges of one item for another, until none gains."""
    inside = np.zeros(len(profits), bool)
    inside[toyoda(profits, weights)] = True
    while True:
        room = weights[-1] - weights[:-1][inside].sum(axis=0)
        moves = [(int(profits[k]), -1, k) for k in np.flatnonzero(~inside).tolist() if (weights[k] <= room).all()]
        for out in np.flatnonzero(inside).tolist():
            fits = np.flatnonzero(~inside & (weights[:-1] <= room + weights[out]).all(axis=1))
            moves += [(int(profits[k] - profits[out]), out, k) for k in fits.tolist()]
        gain, out, into = max(moves, default=(0, -1, -1))
        if gain <= 0:
            return np.flatnonzero(inside)
        inside[into] = True
        if out >= 0:
            inside[out] = False
