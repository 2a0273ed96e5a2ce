"""Step functions: convolutions are exact, and known functions have their known values."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryumon.evaluation.claims import InvalidClaim
from ryumon.task import Task
from ryumon.tasks.records.verifiers import steps
from ryumon.tasks.records.verifiers.autocorrelation import Flatness, Peak, SignedPeak
from ryumon.tasks.records.verifiers.overlap import MinimumOverlap
from ryumon.tasks.records.verifiers.steps import autoconvolution, convolution
from tests.tasks.records.answering import judged

EVERY = pytest.mark.parametrize("task", [Peak, SignedPeak, Flatness, MinimumOverlap])

positive = st.lists(st.integers(0, 10**25), min_size=1, max_size=9)
either = st.lists(st.integers(-(10**25), 10**25), min_size=1, max_size=9)
small = st.lists(st.integers(0, 60), min_size=2, max_size=8).filter(any)


def score(task: type[Task], heights: Any) -> float:
    """Returns the score of heights given as a list."""
    return judged(task, np.array(heights, dtype=float)).score


def schoolbook(left: list[int], right: list[int]) -> list[int]:
    found = [0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            found[i + j] += a * b
    return found


@given(positive, positive)
def test_a_convolution_is_what_the_sum_over_all_pairs_gives(left: list[int], right: list[int]) -> None:
    assert convolution(left, right) == schoolbook(left, right)


@given(either)
def test_an_autoconvolution_of_either_sign_is_exact(numbers: list[int]) -> None:
    assert autoconvolution(numbers) == schoolbook(numbers, numbers)


def test_a_constant_has_a_peak_of_2_and_a_flatness_of_two_thirds() -> None:
    for count in (1, 2, 7, 500):
        assert score(Peak, [3.0] * count) == score(SignedPeak, [3.0] * count) == 2
        assert score(Flatness, [3.0] * count) == 2 / 3


def test_splitting_every_step_changes_nothing() -> None:
    heights = [0.5, 0.0, 1.25, 3.0, 0.1]
    for task in (Peak, SignedPeak, Flatness, MinimumOverlap):
        spread = heights if task is not MinimumOverlap else [0.4, 0.5, 0.6, 0.5, 0.4]
        assert score(task, spread) == score(task, np.repeat(spread, 3))


def integral_of_square(values: list[int], points: int) -> float:
    """Returns ∫g² by a fine Riemann sum, for the g that is linear between these values and 0 at both ends."""
    knots = np.array([0, *values, 0], dtype=float)
    x = (np.arange(points) + 0.5) / points * (len(knots) - 1)
    return float((np.interp(x, np.arange(len(knots)), knots) ** 2).mean() * (len(knots) - 1))


@given(small)
def test_flatness_is_the_quotient_of_integrals(heights: list[int]) -> None:
    products = schoolbook(heights, heights)
    expected = integral_of_square(products, 20_000) / (sum(products) * max(products))
    assert score(Flatness, heights) == pytest.approx(expected, rel=1e-5)


@given(small, st.integers(0, 1000))
def test_no_autoconvolution_exceeds_its_peak_between_knots(heights: list[int], place: int) -> None:
    def f(x: np.ndarray) -> np.ndarray:
        inside = (x >= 0) & (x < 1)
        index = np.clip((x * len(heights)).astype(int), 0, len(heights) - 1)
        return np.where(inside, np.array(heights, dtype=float)[index], 0.0)

    t, x = place / 500, (np.arange(20_000) + 0.5) / 20_000
    there = float((f(x) * f(t - x)).mean())
    mean = sum(heights) / len(heights)
    assert there <= score(Peak, heights) / 2 * mean**2 * (1 + 1e-3) + 1e-9


def test_a_peak_may_be_negative_nowhere_but_in_the_third_inequality() -> None:
    with pytest.raises(InvalidClaim, match="height 1 is below 0"):
        score(Peak, [1.0, -1e-300, 1.0])
    found = judged(SignedPeak, np.array([1.0, -0.5, 1.0]))
    assert found.score == 2 * 3 * 2.25 / 1.5**2  # the products are 1, -1, 2.25, -1, 1
    assert found.metrics["deepest"] == pytest.approx(1 / 2.25)


def test_hauglands_smallest_step_functions_have_their_overlaps() -> None:
    """His list of records: 1/2 for one step, 4/9 for two, 2/5 for three."""
    assert score(MinimumOverlap, [1.0]) == score(MinimumOverlap, [0.5, 0.5]) == 1 / 2
    assert score(MinimumOverlap, [1, 2]) == score(MinimumOverlap, [2, 1]) == 4 / 9
    low, high = 1 / 2 - 1 / math.sqrt(40), 1 / 2 + 1 / math.sqrt(10)
    assert score(MinimumOverlap, [low, high, low]) == pytest.approx(2 / 5, abs=1e-15)


def slow_overlap(heights: list[int]) -> Fraction:
    count = len(heights)
    h = [Fraction(v * count, 2 * sum(heights)) for v in heights]
    sums = [sum(h[i] * (1 - h[i + j]) for i in range(count) if 0 <= i + j < count) for j in range(1 - count, count)]
    return Fraction(2, count) * max(sums)


@given(small)
def test_an_overlap_is_the_largest_over_all_shifts_and_1_is_the_highest_step(heights: list[int]) -> None:
    if max(heights) * len(heights) > 2 * sum(heights):
        with pytest.raises(InvalidClaim, match="above 1"):
            score(MinimumOverlap, heights)
    else:
        assert score(MinimumOverlap, heights) == float(slow_overlap(heights))


def test_a_step_above_1_by_one_ulp_is_refused() -> None:
    assert score(MinimumOverlap, [0.0, 1.0]) > 0.4
    with pytest.raises(InvalidClaim, match="above 1"):
        score(MinimumOverlap, [0.0, 1.0, 0.5, np.nextafter(0.5, 0)])


@given(small, st.integers(-500, 500))
def test_a_common_factor_changes_nothing(heights: list[int], power: int) -> None:
    for task in (Peak, SignedPeak, Flatness):
        assert score(task, heights) == score(task, np.array(heights) * 2.0**power)


@EVERY
@pytest.mark.parametrize(
    "heights",
    [
        np.zeros(0),
        np.zeros(5),
        np.array([1.0, np.nan]),
        np.array([1.0, np.inf]),
        np.array([1, 1]),
        np.array([True, True]),
        np.array([1 + 0j]),
        np.array([[1.0]]),
        np.float64(1.0),
        np.array(1.0),
        [1.0, 1.0],
        1.0,
        None,
        "1",
        np.ones(steps.MOST_STEPS + 1),
    ],
    ids=repr,
)
def test_what_is_no_step_function_never_scores(task: type[Task], heights: Any) -> None:
    with pytest.raises(InvalidClaim, match="height"):
        judged(task, heights)


def test_heights_that_cancel_never_score() -> None:
    for heights in ([1.0, -1.0], [1.0, -2.0], [1e300, -1e300, 5e-324]):
        with pytest.raises(InvalidClaim, match="sum"):
            score(SignedPeak, heights)


@EVERY
def test_what_takes_long_to_verify_exactly_is_refused_before_it_is_begun(
    task: type[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "_joined", None)
    heights = np.ones(steps.MOST_STEPS)
    heights[0] = 5e-324
    with pytest.raises(InvalidClaim, match="take too long to verify"):
        judged(task, heights)


def test_enormous_and_denormal_heights_together_are_exact() -> None:
    assert score(Peak, [1e308, 1e308]) == 2
    assert score(Peak, [5e-324, 5e-324]) == 2
    assert score(Peak, [1.0, 5e-324]) == 4
    assert score(MinimumOverlap, [1.0, 1.0, 5e-324]) == pytest.approx(score(MinimumOverlap, [1.0, 1.0, 1e-30]))
