"""Noisy scores: how noisy a task is, and which differences over paired repeats are more than noise.

A *repeat* draws the cases of a split afresh, from a seed that all programs share; where cases do not depend on the
seed, it measures the same ones again. Differences are paired by repeat and case, so what a draw does to every program
cancels. Pure functions; the races that use them are in `races.py`, the verdict in `score.compare`.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ryumon.score import Direction, Scores, better

DROP = 0.1  # how likely a look at a race drops a program that is in truth as good


def rounds(repeats: int) -> list[range]:
    """Returns the repeats of a race by round: each round doubles what was measured, and a look follows it."""
    bounds = [0, 1]
    while bounds[-1] < repeats:
        bounds.append(min(repeats, 2 * bounds[-1]))
    return [range(low, high) for low, high in pairwise(bounds)]


def differences(ours: Scores, theirs: Scores) -> list[float]:
    """Returns ours minus theirs for every repeat and case that both have; raises `ValueError` where cases differ."""
    pairs = zip(ours, theirs, strict=False)
    return [a - b for our_row, their_row in pairs for a, b in zip(our_row, their_row, strict=True)]


def clearly_worse(direction: Direction, deltas: Sequence[float], chance: float = DROP) -> bool:
    """Returns whether paired differences from a rival are worse than noise of mean zero would be, `chance` allowed.

    A paired one-sided t test. Where all differences are equal, as scores that are counts may be, t is infinite after
    two; the sign test then decides, in which n equal signs have the chance 2^-n. Pooling repeats of the same cases
    counts the spread between cases as noise, so it errs towards keeping a program in the race.
    """
    count = len(deltas)
    if count < 2:
        return False
    mean, deviation = float(np.mean(deltas)), float(np.std(deltas, ddof=1))
    if not better(direction, 0.0, mean):
        return False
    if deviation == 0:
        return 0.5**count < chance
    return student_tail(abs(mean) / (deviation / count**0.5), count - 1) < chance


def student_tail(t: float, freedom: int) -> float:
    """Returns the chance that Student's t of a whole number of degrees of freedom is above `t` (Abramowitz and Stegun,
    26.7.3 and 26.7.4)."""
    theta = math.atan(abs(t) / freedom**0.5)
    sine, cosine = math.sin(theta), math.cos(theta)
    odd = freedom % 2 == 1
    term = cosine if odd else 1.0
    total = term if freedom > 1 else 0.0
    for power in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine * cosine * (power - 1) / power
        total += term
    within = 2 / math.pi * (theta + sine * total) if odd else sine * total
    return (1 - within) / 2 if t >= 0 else (1 + within) / 2


def units(scores: Scores, *, redrawn: bool) -> list[float]:
    """Returns the scores that the verdict takes as independent of one another.

    Where each repeat drew new cases, that is every score. Where it measured the same cases again, it is one mean for
    each case, since what is claimed is claimed of cases like these; a single case is claimed of itself alone, and its
    repeats are the units.
    """
    if redrawn or min(map(len, scores), default=0) < 2:
        return [score for row in scores for score in row]
    return [float(np.mean(column)) for column in zip(*scores, strict=True)]
