"""What is more than noise: looks at a race drop the worse and spare the equal, and verdicts on equal programs hold."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ryumon.evaluation.noise import DROP, clearly_worse, differences, rounds, student_tail, units
from ryumon.evaluation.races import survivors
from ryumon.score import compare, noise_floor


@given(st.integers(1, 1000))
def test_rounds_cover_every_repeat_once_and_double_what_was_measured(repeats: int) -> None:
    parts = rounds(repeats)
    assert [number for part in parts for number in part] == list(range(repeats))
    assert all(part.stop <= 2 * part.start or part.start <= 1 for part in parts)


@pytest.mark.parametrize(
    ("t", "freedom", "tail"),
    [(6.314, 1, 0.05), (2.920, 2, 0.05), (2.353, 3, 0.05), (2.132, 4, 0.05), (1.895, 7, 0.05), (2.457, 30, 0.01)],
)
def test_the_tail_of_student_s_t_is_the_published_one(t: float, freedom: int, tail: float) -> None:
    assert student_tail(t, freedom) == pytest.approx(tail, abs=5e-5)
    assert student_tail(-t, freedom) == pytest.approx(1 - tail, abs=5e-5)


@pytest.mark.parametrize("count", [2, 4, 7, 20])
def test_one_look_drops_an_equal_program_about_one_time_in_ten(count: int) -> None:
    rng = np.random.default_rng(count)
    dropped = np.mean([clearly_worse("minimize", list(rng.normal(size=count))) for _ in range(4000)])
    assert dropped == pytest.approx(DROP, abs=0.015)  # three binomial standard errors


def test_a_look_drops_what_is_far_worse_and_never_what_is_better() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        noise = rng.normal(size=7)
        assert clearly_worse("minimize", list(noise + 5))
        assert clearly_worse("maximize", list(noise - 5))
        assert not clearly_worse("maximize", list(noise - noise.mean() + 0.01))


def test_equal_differences_are_judged_by_their_signs_alone() -> None:
    assert not clearly_worse("minimize", [1.0, 1.0, 1.0])
    assert clearly_worse("minimize", [1.0, 1.0, 1.0, 1.0])
    assert not clearly_worse("minimize", [0.0] * 8)
    assert not clearly_worse("minimize", [5.0])


def test_differences_pair_repeats_and_cases_and_stop_where_one_side_ends() -> None:
    assert differences([[1.0, 2.0], [3.0, 4.0]], [[0.5, 1.0], [1.0, 1.0], [9.0, 9.0]]) == [0.5, 1.0, 2.0, 3.0]


def test_units_of_the_verdict_are_what_is_independent() -> None:
    scores = [[1.0, 10.0], [3.0, 30.0]]
    assert units(scores, redrawn=True) == [1.0, 10.0, 3.0, 30.0]
    assert units(scores, redrawn=False) == [2.0, 20.0]
    assert units([[1.0], [3.0]], redrawn=False) == [1.0, 3.0]


def test_the_noise_floor_is_the_deviation_from_repeat_to_repeat() -> None:
    assert noise_floor([[1.0, 3.0], [3.0, 5.0]]) == pytest.approx(2**0.5)


def test_a_race_of_many_keeps_the_leader_and_all_that_noise_may_have_put_behind_it() -> None:
    scores = {"a": [[1.0], [1.2], [0.8], [1.1]], "b": [[1.1], [1.1], [0.9], [1.0]], "c": [[5.0], [5.1], [4.9], [5.3]]}
    assert survivors("minimize", scores, ["a", "b", "c"]) == ["a", "b"]
    assert survivors("maximize", scores, ["a", "b", "c"]) == ["c"]
    assert survivors("minimize", {}, []) == []


def _seeds(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Two programs on 8 repeats of 3 drawn cases: draws differ for both, and each program has luck of its own."""
    draw = rng.normal(0, 5, (8, 3))
    return draw + rng.normal(size=(8, 3)), draw + rng.normal(size=(8, 3)), True


def _clock(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Two programs whose advantages differ from case to case, on 8 repeats of the same 10 cases, with skewed noise."""
    own = rng.normal(size=(2, 1, 10))
    noisy = own + rng.exponential(size=(2, 8, 10))
    return noisy[0], noisy[1], False


def _one(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Two programs on one case, 8 times."""
    noisy = rng.normal(size=(2, 8, 1))
    return noisy[0], noisy[1], False


@pytest.mark.parametrize("noise", [_seeds, _clock, _one])
def test_equal_programs_are_called_improved_no_more_often_than_stated(
    noise: Callable[[np.random.Generator], tuple[NDArray[np.float64], NDArray[np.float64], bool]],
) -> None:
    rng = np.random.default_rng(1)
    count, improved, different = 1000, 0, 0
    for seed in range(count):
        ours, theirs, redrawn = noise(rng)
        mine, base = (units(scores.tolist(), redrawn=redrawn) for scores in (ours, theirs))
        verdict = compare("minimize", mine, base, seed, resamples=300).verdict
        improved += verdict == "improved"
        different += verdict != "no evidence"
    assert improved / count < 0.05
    assert different / count < 0.05 + 2 * (0.05 * 0.95 / count) ** 0.5


def test_repeats_of_the_same_cases_do_not_pass_for_cases() -> None:
    rng = np.random.default_rng(0)
    wrong = 0
    for seed in range(300):
        ours, theirs, _ = _clock(rng)
        mine, base = (units(scores.tolist(), redrawn=True) for scores in (ours, theirs))
        wrong += compare("minimize", mine, base, seed, resamples=300).verdict != "no evidence"
    assert wrong / 300 > 0.3  # what `units` is there to prevent
