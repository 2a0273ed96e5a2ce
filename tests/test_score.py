"""The verdict is paired, stated with its interval, and says "no evidence" where there is none."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ryumon.score import compare, mean_interval


def test_a_clear_gain_is_improved_in_either_direction() -> None:
    seed = list(np.linspace(4.0, 4.3, 20))
    lower = [score - 1 for score in seed]
    assert compare("minimize", lower, seed, 0).verdict == "improved"
    assert compare("maximize", lower, seed, 0).verdict == "regressed"


def test_pairing_sees_a_small_gain_under_large_case_differences() -> None:
    rng = np.random.default_rng(0)
    seed = rng.normal(0, 100, 20)
    champion = seed - 1 + rng.normal(0, 0.1, 20)
    found = compare("minimize", list(champion), list(seed), 0)
    assert found.verdict == "improved"
    assert found.ci95 is not None
    assert found.ci95[0] < -1 < found.ci95[1]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_a_program_is_never_better_than_itself(scores: list[float]) -> None:
    assert compare("maximize", scores, scores, 0).verdict == "no evidence"


def test_noise_around_zero_is_no_evidence() -> None:
    deltas = [1.0, -1.0] * 10
    assert compare("minimize", deltas, [0.0] * 20, 0).verdict == "no evidence"


def test_one_exact_case_is_compared_exactly_and_has_no_interval() -> None:
    found = compare("maximize", [2.0], [2.0 - 1e-12], 0, exact=True)
    assert found.verdict == "improved"
    assert found.ci95 is None


@pytest.mark.parametrize("cases", [1, 2, 3, 5])
def test_fewer_than_six_cases_are_never_evidence(cases: int) -> None:
    assert compare("minimize", [0.0] * cases, [1.0] * cases, 0).verdict == "no evidence"


DIFFERENCES: dict[str, Callable[[np.random.Generator, int], NDArray[np.float64]]] = {
    "normal": lambda rng, count: rng.normal(size=count),
    "skewed": lambda rng, count: rng.exponential(size=count) - 1,
    "sparse": lambda rng, count: rng.normal(size=count) * (rng.random(count) < 0.3),
}


@pytest.mark.parametrize("shape", DIFFERENCES)
@pytest.mark.parametrize("cases", [6, 12, 20])
def test_equal_programs_are_called_different_about_once_in_twenty(shape: str, cases: int) -> None:
    rng = np.random.default_rng(0)
    zeros = [0.0] * cases
    wrong = 0
    for seed in range(1000):
        deltas = list(DIFFERENCES[shape](rng, cases))
        wrong += compare("minimize", deltas, zeros, seed, resamples=500).verdict != "no evidence"
    assert wrong / 1000 < 0.075  # 0.05, the method's own bias of 0.01, and two standard errors


def test_a_mean_that_is_not_finite_is_no_evidence() -> None:
    assert compare("maximize", [float("inf")] * 8, [0.0] * 8, 0).verdict == "no evidence"


def test_a_second_reading_of_test_has_to_show_more() -> None:
    rng = np.random.default_rng(3)
    deltas = list(rng.normal(-0.55, 1, 20))
    first, fifth = (compare("minimize", deltas, [0.0] * 20, 0, readings=readings) for readings in (1, 5))
    assert (first.verdict, fifth.verdict) == ("improved", "no evidence")
    assert first.ci95 == fifth.ci95


def test_few_values_get_students_interval_and_one_none() -> None:
    assert mean_interval([1.0, 2.0, 3.0]) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5))
    assert mean_interval([1.0]) is None
    assert mean_interval([1.0, math.inf]) is None


@pytest.mark.parametrize("count", [3, 5, 8])
def test_a_mean_lies_outside_its_interval_about_once_in_twenty(count: int) -> None:
    rng = np.random.default_rng(2)
    missed = 0
    for seed in range(600):
        found = mean_interval(list(rng.normal(size=count)), seed, 400)
        assert found is not None
        missed += not found[0] <= 0 <= found[1]
    assert missed / 600 < 0.075
