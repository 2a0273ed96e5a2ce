"""Circles: the exact verifier grants not one unit in the last place."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ryumon.evaluation.claims import InvalidClaim
from ryumon.program import Program
from ryumon.task import Case, read_task
from ryumon.tasks.records import FOLDER
from ryumon.tasks.records.circle_packing.task import CirclePacking
from ryumon.tasks.records.circles_rectangle_21.task import CirclesRectangle21
from ryumon.tasks.records.verifiers.circles import exact, verify_apart, verify_in_rectangle
from ryumon.testing.inprocess import InProcess

CASE = Case("construction")
verify = CirclePacking().verify


def touching() -> NDArray[np.float64]:
    """Two circles in exactly representable contact with each other and with three walls."""
    return np.array([[0.25, 0.25, 0.25], [0.75, 0.25, 0.25]])


def test_the_seed_is_valid_and_scores_the_sum_of_its_radii() -> None:
    seed = read_task(FOLDER / "circle_packing").seed
    result = CirclePacking().evaluate(InProcess(seed), CASE)
    assert result.score == pytest.approx(2.496, abs=1e-9)
    assert result == CirclePacking().evaluate(InProcess(seed), CASE)


def test_any_distinct_centres_make_a_valid_seed_program() -> None:
    text = read_task(FOLDER / "circle_packing").seed.files["packing.py"]
    for old, new in (("(0.3, 0.1)", "(0.31, 0.17)"), ("(0.5, 0.7)", "(0.5, 0.2)"), ("(0.9, 0.9)", "(0.9, 0.7000001)")):
        assert old in text
        CirclePacking().evaluate(InProcess(Program({"packing.py": text.replace(old, new)})), CASE)


def test_one_case_for_every_split() -> None:
    assert CirclePacking().cases("train", 0) == CirclePacking().cases("test", 9) == [CASE]


def test_circles_may_touch() -> None:
    verify(touching())


@pytest.mark.parametrize("circle", [0, 1])
def test_an_overlap_of_one_ulp_is_refused(circle: int) -> None:
    circles = touching()
    circles[circle, 0] = np.nextafter(circles[circle, 0], 0.5)
    with pytest.raises(InvalidClaim, match="circles 0 and 1 overlap"):
        verify(circles)


@pytest.mark.parametrize(("circle", "axis", "towards"), [(0, 0, 0.0), (1, 0, 1.0), (0, 1, 0.0), (1, 1, 0.0)])
def test_a_circle_outside_by_one_ulp_is_refused(circle: int, axis: int, towards: float) -> None:
    circles = touching()
    circles[circle, axis] = np.nextafter(circles[circle, axis], towards)
    with pytest.raises(InvalidClaim, match=f"circle {circle} reaches out"):
        verify(circles)


def test_what_rounds_to_the_wall_in_floats_is_still_outside() -> None:
    x, r = 1 - 2.0**-53, 2.0**-53 + 2.0**-105
    assert x + r == 1.0
    with pytest.raises(InvalidClaim, match="reaches out"):
        verify(np.array([[x, 0.5, r]]))


def test_circles_that_touch_only_in_floats_are_refused() -> None:
    r = 0.125
    x, y = 0.5, 0.5
    u, v = x + 0.15, y + 0.2
    overlapping = np.array([[x, y, r], [u, v, r + 2.0**-54]])
    overlapping[1, 2] = np.nextafter(np.hypot(u - x, v - y) - r, 1)
    with pytest.raises(InvalidClaim, match="overlap"):
        verify(overlapping)


def test_one_circle_inside_another_is_an_overlap() -> None:
    with pytest.raises(InvalidClaim, match="overlap"):
        verify(np.array([[0.5, 0.5, 0.5], [0.5, 0.5, 0.1]]))


@pytest.mark.parametrize("radius", [0.0, -0.0, -0.1])
def test_a_radius_not_above_zero_is_refused(radius: float) -> None:
    with pytest.raises(InvalidClaim, match="radii are above 0"):
        verify(np.array([[0.5, 0.5, radius]]))


@pytest.mark.parametrize(
    "answer",
    [
        "np.full((26, 3), np.nan)",
        "np.full((26, 3), np.inf)",
        "np.zeros((25, 3))",
        "np.zeros((26, 2))",
        "np.zeros((26, 3), int)",
        "np.zeros((26, 3), complex)",
        "np.zeros((26, 3)).tolist()",
        "None",
        "9.0",
    ],
)
def test_an_answer_that_is_no_array_of_circles_is_refused(answer: str) -> None:
    program = Program({"packing.py": f"import numpy as np\ndef pack():\n    return {answer}\n"})
    with pytest.raises(InvalidClaim, match="the circles must be"):
        CirclePacking().evaluate(InProcess(program), CASE)


def in_rectangle(width: float) -> NDArray[np.float64]:
    """Two circles side by side of radius width / 4, and one that reaches up to 2 - width."""
    r = width / 4
    return np.array([[r, r, r], [3 * r, r, r], [2 * r, 2 - width - r, r]])


@pytest.mark.parametrize("width", [0.5, 1.0, 0.75])
def test_any_rectangle_of_perimeter_4_will_do(width: float) -> None:
    for circles in (in_rectangle(width), in_rectangle(width)[:, [1, 0, 2]]):
        CirclesRectangle21().verify(circles)


@pytest.mark.parametrize(("circle", "axis", "towards"), [(2, 1, 9.0), (1, 0, 9.0), (0, 0, 0.0), (1, 1, 0.0)])
def test_a_circle_out_of_every_rectangle_by_one_ulp_is_refused(circle: int, axis: int, towards: float) -> None:
    circles = in_rectangle(1.0)
    circles[circle, axis] = np.nextafter(circles[circle, axis], towards)
    with pytest.raises(InvalidClaim, match=r"above 2 in all|reaches over an axis"):
        verify_in_rectangle(circles)


def test_a_rectangle_may_not_lie_where_floats_are_coarse() -> None:
    circles = in_rectangle(1.0) + np.array([2.0**40, 0, 0])
    with pytest.raises(InvalidClaim, match="above 2 in all"):
        CirclesRectangle21().verify(circles)


near = st.floats(0.1, 0.9)


@given(near, near, st.floats(0.01, 0.3), st.floats(0.01, 0.3), st.floats(0, 6.3), st.integers(-3, 3))
def test_floats_never_decide_whether_two_circles_overlap(
    x: float, y: float, r: float, s: float, angle: float, ulps: int
) -> None:
    far = r + s + ulps * 2.0**-53
    circles = np.array([[x, y, r], [x + far * np.cos(angle), y + far * np.sin(angle), s]])
    (a, b, p), (c, d, q) = exact(circles)
    overlap = (p + q) ** 2 > (a - c) ** 2 + (b - d) ** 2
    if overlap:
        with pytest.raises(InvalidClaim, match="overlap"):
            verify_apart(circles)
    else:
        verify_apart(circles)


def test_every_pair_is_looked_at() -> None:
    apart = np.array([[0.1 + 0.2 * k, 0.5, 0.05] for k in range(5)])
    verify(apart)
    for i, j in combinations(range(5), 2):
        circles = apart.copy()
        circles[i, :2] = circles[j, :2]
        with pytest.raises(InvalidClaim, match=f"circles {i} and {j} overlap"):
            verify(circles)
