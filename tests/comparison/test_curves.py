"""Best-so-far curves: what a step function is at each place, its area, and the band over seeds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryumon.comparison.curves import Steps, band

FALLING = Steps((0.0, 10.0, 30.0), (5.0, 3.0, 1.0), 40.0)


def test_a_step_holds_from_where_it_was_found() -> None:
    assert FALLING.at(np.array([0.0, 9.9, 10.0, 29.0, 30.0, 99.0])).tolist() == [5, 5, 3, 3, 1, 1]


def test_before_the_first_reading_the_seed_holds() -> None:
    charged = Steps((2.0, 4.0), (5.0, 1.0), 6.0)  # the seed's own evaluation took 2 CPU seconds
    assert charged.at(np.array([0.0, 3.9])).tolist() == [5, 5]
    assert charged.mean(4.0) == 5.0


def test_the_area_is_the_mean_best_so_far() -> None:
    assert FALLING.mean(40.0) == pytest.approx((10 * 5 + 20 * 3 + 10 * 1) / 40)
    assert FALLING.mean(20.0) == pytest.approx((10 * 5 + 10 * 3) / 20)
    assert FALLING.mean(0.0) == 5.0


@given(st.lists(st.tuples(st.floats(0.1, 50), st.floats(-10, 10)), max_size=8), st.floats(1, 300))
def test_the_area_agrees_with_a_fine_grid(steps: list[tuple[float, float]], limit: float) -> None:
    places = np.cumsum([width for width, _ in steps]).tolist()
    curve = Steps((0.0, *places), (0.0, *(score for _, score in steps)), limit)
    grid = (np.arange(20_000) + 0.5) * limit / 20_000
    assert curve.mean(limit) == pytest.approx(float(curve.at(grid).mean()), abs=0.02)


def test_a_band_is_the_mean_and_holds_it_and_one_curve_has_no_interval() -> None:
    rng = np.random.default_rng(0)
    curves = [Steps((0.0, float(rng.uniform(1, 30))), (5.0, float(rng.normal(3))), 40.0) for _ in range(7)]
    found = band(curves, 40.0, 11)
    assert found.spent == pytest.approx(list(np.linspace(0, 40, 11)))
    assert found.mean[0] == 5.0
    assert found.low is not None
    assert found.high is not None
    assert all(low <= mean <= high for low, mean, high in zip(found.low, found.mean, found.high, strict=True))
    assert found.low[-1] < found.mean[-1] < found.high[-1]
    assert band(curves[:1], 40.0).low is None
