"""Paired statistics over seeds: pure functions of scores, in the task's own unit and direction.

A pair is what two arms came to at the same seed. Nothing here knows of runs.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ryumon.score import RESAMPLES, Direction, better

Values = NDArray[np.float64]
LEVEL = 0.05
EXACT_PAIRS = 14  # 16,384 sign patterns; from there on as many random ones


def sign_flip(differences: Sequence[float], rng_seed: int = 0, draws: int = RESAMPLES) -> float:
    """Returns the two-sided p-value that paired differences with a true mean of 0 would be this far from it.

    Fisher's randomisation test (1935, "The Design of Experiments", section 21): where the arms are equal, the sign of
    each pair is a coin. All sign patterns up to `EXACT_PAIRS` pairs; beyond, `draws` random ones and the observed one,
    so that p is never 0 (Phipson and Smyth 2010, equation 2). Where a difference is infinite (an arm's champion failed
    on test), signed ranks take the place of the differences (Wilcoxon 1945).
    """
    found = np.asarray(differences, dtype=float)
    count = len(found)
    if count == 0:
        return 1.0
    if not np.isfinite(found).all():
        found = _signed_ranks(found)
    if count <= EXACT_PAIRS:
        signs = 1 - 2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
        return float(_as_far(signs, found).mean())
    signs = 1 - 2 * np.random.default_rng(rng_seed).integers(0, 2, (draws, count))
    return (1 + int(_as_far(signs, found).sum())) / (1 + draws)


def _as_far(signs: NDArray[np.int64], found: Values) -> NDArray[np.bool_]:
    """Returns which sign patterns move the sum as far from 0 as it is, rounding errors aside."""
    observed = abs(float(found.sum()))
    return np.asarray(np.abs(signs @ found) >= observed - 1e-9 * float(np.abs(found).sum()))


def _signed_ranks(differences: Values) -> Values:
    """Returns each difference's rank by size, 1 for the least, with its sign; equal sizes share their mean rank."""
    sizes = np.abs(differences)
    below = (sizes[None, :] < sizes[:, None]).sum(axis=1)
    equal = (sizes[None, :] == sizes[:, None]).sum(axis=1)
    ranks: Values = np.sign(differences) * (below + (equal + 1) / 2)
    return ranks


def superiority(
    direction: Direction, ours: Sequence[float], theirs: Sequence[float]
) -> tuple[float, tuple[float, float]]:
    """Returns the share of pairs in which `ours` is better, a tie counting as half, and its 95 % interval.

    The probability of superiority (Vargha and Delaney 2000, equation 2) over pairs; Wilson's score interval (1927),
    which stays wide where every pair agrees, as a bootstrap would not.
    """
    pairs = list(zip(ours, theirs, strict=True))
    if not pairs:
        return 0.5, (0.0, 1.0)
    share = sum(1.0 if better(direction, a, b) else 0.5 * (a == b) for a, b in pairs) / len(pairs)
    z = NormalDist().inv_cdf(1 - LEVEL / 2)
    scale = 1 + z**2 / len(pairs)
    middle = (share + z**2 / (2 * len(pairs))) / scale
    half = z * (share * (1 - share) / len(pairs) + z**2 / (4 * len(pairs) ** 2)) ** 0.5 / scale
    return share, (max(0.0, middle - half), min(1.0, middle + half))


def holm(p_values: Sequence[float]) -> list[float]:
    """Returns p-values corrected for being several, in the order given (Holm 1979): the k-th least of m is multiplied
    by m − k + 1, and none is less than one that was less before."""
    corrected = [1.0] * len(p_values)
    reached = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        reached = max(reached, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = reached
    return corrected


def pairs_needed(comparisons: int) -> int:
    """Returns how many pairs the sign flip needs before a unanimous result passes Holm's first step at `LEVEL`."""
    pairs = 1
    while comparisons * 2 ** (1 - pairs) > LEVEL:
        pairs += 1
    return pairs
