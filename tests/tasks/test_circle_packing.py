"""Circle packing: the exact verifier grants not one unit in the last place."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ryumon.evaluation.claims import InvalidClaim
from ryumon.program import Program
from ryumon.task import Case, read_task
from ryumon.tasks.circle_packing import task as module
from ryumon.tasks.circle_packing.task import CirclePacking, verify
from ryumon.testing.inprocess import InProcess

FOLDER = Path(module.__file__).parent
CASE = Case("n26")


def touching() -> NDArray[np.float64]:
    """Two circles in exactly representable contact with each other and with three walls."""
    return np.array([[0.25, 0.25, 0.25], [0.75, 0.25, 0.25]])


def test_the_seed_is_valid_and_scores_the_sum_of_its_radii() -> None:
    seed = read_task(FOLDER).seed
    result = CirclePacking().evaluate(InProcess(seed), CASE)
    assert result.score == pytest.approx(2.496, abs=1e-9)
    assert result == CirclePacking().evaluate(InProcess(seed), CASE)


def test_any_distinct_centres_make_a_valid_seed_program() -> None:
    text = read_task(FOLDER).seed.files["packing.py"]
    for old, new in (("(0.3, 0.1)", "(0.31, 0.17)"), ("(0.5, 0.7)", "(0.5, 0.2)"), ("SWEEPS = 10", "SWEEPS = 1")):
        assert old in text
        CirclePacking().evaluate(InProcess(Program({"packing.py": text.replace(old, new)})), CASE)


def test_one_exact_case_for_every_split() -> None:
    assert read_task(FOLDER).spec.splits == "one"
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
