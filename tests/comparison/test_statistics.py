"""Paired statistics: exact where they can be counted by hand, and right about how often they err."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ryumon.comparison.statistics import holm, pairs_needed, sign_flip, superiority

scores = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=10)
shares = st.lists(st.floats(0, 1), max_size=8)


def test_a_sign_flip_counts_patterns() -> None:
    assert sign_flip([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) == 2 / 64  # all signs alike: two patterns of 64
    assert sign_flip([1.0, 1.0, -1.0]) == 1.0  # every pattern's sum is 1 or 3 away from 0
    assert sign_flip([3.0, 3.0, -1.0]) == 4 / 8  # sums 7 and 5, of both signs
    assert sign_flip([]) == 1.0


def test_more_pairs_than_can_be_counted_are_drawn_and_never_give_zero() -> None:
    differences = list(np.random.default_rng(1).normal(0.3, 1, 14))
    exact = sign_flip(differences)
    drawn = sign_flip([*differences, 0.0])  # a pair that is equal changes nothing but the way of counting
    assert drawn == pytest.approx(exact, abs=0.02)
    assert sign_flip([1.0] * 40) == 1 / 10_001


@given(scores)
def test_a_p_value_does_not_know_which_arm_came_first(differences: list[float]) -> None:
    p = sign_flip(differences)
    assert 0 < p <= 1
    assert sign_flip([-value for value in differences]) == pytest.approx(p)
    assert p >= 2 ** (1 - len(differences)) or len(differences) == 1


def test_equal_arms_are_called_different_at_most_once_in_twenty() -> None:
    rng = np.random.default_rng(0)
    wrong = sum(sign_flip(list(rng.exponential(size=8) - rng.exponential(size=8))) <= 0.05 for _ in range(1000))
    assert wrong / 1000 < 0.065  # two binomial standard errors above .05


def test_a_failed_champion_counts_as_far_and_leaves_the_rest_their_order() -> None:
    assert sign_flip([math.inf, 1.0, 2.0, 3.0, 4.0, 5.0]) == 2 / 64
    assert sign_flip([-math.inf, 5.0, 1.0]) == sign_flip([-3.0, 2.0, 1.0])
    assert sign_flip([math.inf, 1.0, 1.0, -2.0]) == sign_flip([4.0, 1.5, 1.5, -3.0]) == 10 / 16  # equal sizes


@given(scores, st.data())
def test_the_shares_of_two_arms_sum_to_one(ours: list[float], data: st.DataObject) -> None:
    theirs = data.draw(st.lists(st.floats(-1e3, 1e3), min_size=len(ours), max_size=len(ours)))
    share, (low, high) = superiority("minimize", ours, theirs)
    other, _ = superiority("minimize", theirs, ours)
    assert share + other == pytest.approx(1)
    assert superiority("maximize", ours, theirs)[0] == pytest.approx(other)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


def test_ties_count_as_half_and_failures_as_worst() -> None:
    assert superiority("minimize", [1.0, 2.0], [1.0, 3.0])[0] == 0.75
    assert superiority("minimize", [math.inf, 2.0], [1.0, math.inf])[0] == 0.5
    assert superiority("maximize", [], []) == (0.5, (0.0, 1.0))


def test_unanimous_pairs_leave_doubt_that_shrinks_with_their_number() -> None:
    few, many = (superiority("maximize", [1.0] * n, [0.0] * n)[1][0] for n in (4, 40))
    assert few == pytest.approx(0.510, abs=1e-3)  # Wilson: n / (n + z²)
    assert many == pytest.approx(0.912, abs=1e-3)


def test_holm_is_its_definition() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


@given(shares)
def test_holm_never_lowers_a_p_value_nor_changes_the_order(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(0 <= p <= q <= min(1.0, len(p_values) * p) or q == 0 for p, q in zip(p_values, corrected, strict=True))
    pairs = list(zip(p_values, corrected, strict=True))
    assert all(q <= other for p, q in pairs for least, other in pairs if p < least)


@given(st.permutations([0.001, 0.02, 0.02, 0.4]))
@settings(max_examples=24)
def test_holm_does_not_care_about_the_order_given(p_values: list[float]) -> None:
    expected = {0.001: 0.004, 0.02: 0.06, 0.4: 0.4}
    assert holm(p_values) == pytest.approx([expected[p] for p in p_values])


@pytest.mark.parametrize(("comparisons", "pairs"), [(1, 6), (2, 7), (4, 8), (6, 8), (12, 9)])
def test_how_many_seeds_it_takes_at_least(comparisons: int, pairs: int) -> None:
    assert pairs_needed(comparisons) == pairs
    unanimous = [sign_flip([1.0] * pairs)] + [1.0] * (comparisons - 1)
    assert holm(unanimous)[0] <= 0.05
    assert holm([sign_flip([1.0] * (pairs - 1))] + [1.0] * (comparisons - 1))[0] > 0.05
