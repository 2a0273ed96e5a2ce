"""What the suite's evaluators refuse: claims that are no packing, schedule, tour or network."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ryumon.evaluation.claims import InvalidClaim
from ryumon.tasks.suite.cache_replacement.task import SLOTS, misses
from ryumon.tasks.suite.comparator.task import wanted
from ryumon.tasks.suite.knapsack.task import packed as knapsack_packed
from ryumon.tasks.suite.knapsack.task import upper_bound
from ryumon.tasks.suite.load_balancing.task import waits
from ryumon.tasks.suite.online_packing.task import packed as bins_packed
from ryumon.tasks.suite.optimisers.task import value
from ryumon.tasks.suite.sorting_networks.task import completed
from ryumon.tasks.suite.tardiness.task import completion
from ryumon.tasks.suite.tour_construction.task import CITIES, length

ITEMS = np.array([100, 60, 50])
PROFITS, WEIGHTS = np.array([5, 4, 3]), np.array([[2, 1], [2, 2], [2, 3], [4, 4]])
TRACE = np.arange(SLOTS + 2)
ROUTES, DURATIONS = np.array([[0, 1], [0, 1]]), np.array([[3, 2], [3, 2]])
SHOP = (ROUTES, DURATIONS, np.array([5, 5]), np.array([1, 1]))
SQUARE = np.abs(np.subtract.outer(np.arange(CITIES), np.arange(CITIES))) * 1.0
NO_PREFIX = np.zeros((0, 2), np.int64)
SORTS_3 = [(0, 1), (1, 2), (0, 1)]


def ints(*values: Any) -> np.ndarray:
    return np.array(values, np.int64)


REFUSED: dict[str, Callable[[], object]] = {
    "an overfull bin": lambda: bins_packed(ints(0, 0, 1), ITEMS),
    "a bin left out": lambda: bins_packed(ints(0, 2, 2), ITEMS),
    "a bin before the first": lambda: bins_packed(ints(-1, 0, 1), ITEMS),
    "a bin beyond all": lambda: bins_packed(ints(0, 1, 2**40), ITEMS),
    "an item twice": lambda: knapsack_packed(ints(0, 0), PROFITS, WEIGHTS),
    "an item that is not there": lambda: knapsack_packed(ints(3), PROFITS, WEIGHTS),
    "an item counted from the end": lambda: knapsack_packed(ints(-4), PROFITS, WEIGHTS),
    "too much weight": lambda: knapsack_packed(ints(0, 1, 2), PROFITS, WEIGHTS),
    "a page removed that is not cached": lambda: misses(ints(99, 0), TRACE),
    "too few pages removed": lambda: misses(ints(0), TRACE),
    "more pages removed than misses": lambda: misses(ints(0, 1, 2), TRACE),
    "a server that is not there": lambda: waits(ints(0, 3), np.zeros(2), np.ones(2)),
    "one machine, two operations": lambda: completion(ints([0, 3], [2, 5]), SHOP),
    "an operation before the one before": lambda: completion(ints([0, 2], [3, 6]), SHOP),
    "a start before time": lambda: completion(ints([-3, 0], [0, 3]), SHOP),
    "a start beyond all work": lambda: completion(ints([0, 3], [3, 2**62]), SHOP),
    "a city twice": lambda: length(np.zeros(CITIES, np.int64), SQUARE),
    "a network that does not sort": lambda: completed(ints((0, 1), (1, 2)), 3, NO_PREFIX),
    "a comparator upside down": lambda: completed(ints((1, 0), (1, 2), (0, 1)), 3, NO_PREFIX),
    "a wire that is not there": lambda: completed(ints((0, 3), *SORTS_3), 3, NO_PREFIX),
    "a network without end": lambda: completed(ints(*SORTS_3 * 4), 3, NO_PREFIX),
}


@pytest.mark.parametrize("claim", REFUSED.values(), ids=REFUSED.keys())
def test_a_claim_is_refused_that_is(claim: Callable[[], object]) -> None:
    with pytest.raises(InvalidClaim):
        claim()


def test_what_is_sound_passes_and_is_counted() -> None:
    assert bins_packed(ints(0, 1, 0), ITEMS) == 2
    assert knapsack_packed(ints(1, 0), PROFITS, WEIGHTS) == 9
    assert misses(ints(0, 1), TRACE) == SLOTS + 2
    assert waits(ints(0, 0), np.array([0.0, 1.0]), np.array([3.0, 1.0])).tolist() == [0, 2]
    assert completion(ints([0, 3], [3, 6]), SHOP).tolist() == [5, 8]
    assert length(np.arange(CITIES), SQUARE) == 2 * (CITIES - 1)
    assert completed(ints(*SORTS_3), 3, NO_PREFIX) == 3
    assert completed(ints(*SORTS_3[1:]), 3, ints(SORTS_3[0]).reshape(1, 2)) == 2


def test_no_packing_passes_the_knapsacks_bound() -> None:
    best = max(
        PROFITS[list(chosen)].sum()
        for chosen in ([0], [1], [2], [0, 1], [0, 2], [1, 2])
        if (WEIGHTS[list(chosen)].sum(axis=0) <= WEIGHTS[-1]).all()
    )
    assert best <= upper_bound(PROFITS, WEIGHTS)


def test_the_comparator_reads_the_most_significant_bit_first() -> None:
    rows = np.array([[1, 0, 0, 0, 0, 1, 1, 1], [0, 1, 1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0, 0, 0], [1] * 8], float).T
    assert wanted(rows).tolist() == [True, False, True, False]


def test_a_test_function_is_least_at_its_minimum() -> None:
    function = np.diag([2.0, 4.0]), np.array([0.0, 1.0]), np.array([1.0, 1.0])
    assert value(np.array([1.0, 1.0]), *function) == 0
    assert value(np.array([2.0, 3.0]), *function) == 1 + 8 + 4
