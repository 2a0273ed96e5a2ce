"""Heilbronn's problem and ratios of distances: known shapes have their known values, and no rounding is on the way."""

import math
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ryumon.evaluation.claims import InvalidClaim
from ryumon.tasks.records.verifiers.distances import DistanceRatio
from ryumon.tasks.records.verifiers.dyadic import numerators
from ryumon.tasks.records.verifiers.heilbronn import HeilbronnConvex, HeilbronnTriangle
from tests.tasks.records.answering import judged

Points = NDArray[np.float64]


def polygon(corners: int) -> Points:
    """Returns the corners of a regular polygon."""
    angles = 2 * np.pi * np.arange(corners) / corners
    return np.column_stack((np.cos(angles), np.sin(angles)))


def convex(points: Points) -> float:
    """Returns the score of points in a convex region."""
    return judged(type("Points", (HeilbronnConvex,), {"count": len(points)}), points).score


def triangle(points: Points) -> float:
    """Returns the score of points in the triangle."""
    return judged(type("Points", (HeilbronnTriangle,), {"count": len(points)}), points).score


def ratio(points: Points) -> float:
    """Returns the score of points by their distances."""
    count, dimensions = points.shape
    return judged(type("Points", (DistanceRatio,), {"count": count, "dimensions": dimensions}), points).score


whole = st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=5, max_size=7, unique=True)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=6))
def test_every_float_is_the_rational_number_that_it_is(values: list[float]) -> None:
    numbers, denominator = numerators(values)
    assert [Fraction(number, denominator) for number in numbers] == [Fraction(value) for value in values]


def test_a_triangles_corners_make_a_triangle_of_all_of_it() -> None:
    assert convex(np.array([[0.0, 0.0], [1.0, 0.0], [0.3, 0.7]])) == 1
    assert triangle(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])) == 1


def test_regular_polygons_have_their_known_shares() -> None:
    assert convex(polygon(4)) == pytest.approx(1 / 2)
    assert convex(polygon(5)) == pytest.approx((3 - math.sqrt(5)) / (5 - math.sqrt(5)))
    assert convex(polygon(6)) == pytest.approx(1 / 6)


def test_points_inside_the_hull_do_not_change_its_area() -> None:
    square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0], [2.0, 1.0]])
    assert convex(square) == Fraction(2, 16)


@given(whole, st.permutations(range(3)), st.integers(1, 9), st.integers(-9, 9))
def test_a_share_survives_permutations_and_affine_maps(
    points: list[tuple[int, int]], order: list[int], scale: int, shear: int
) -> None:
    before = np.array(points, dtype=float)
    if np.linalg.matrix_rank(before - before[0]) < 2:
        with pytest.raises(InvalidClaim, match="one line"):
            convex(before)
        return
    after = before[[*order, *range(3, len(points))]] @ np.array([[scale, 0.0], [shear, 1.0]]) * 2.0**-40 + 8.0
    assert convex(after) == convex(before)


@given(whole)
def test_a_share_is_the_smallest_of_all_triangles_over_the_hull_of_all(points: list[tuple[int, int]]) -> None:
    def doubled(a: Any, b: Any, c: Any) -> int:
        return int(abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])))

    def left_of(a: Any, b: Any) -> bool:
        return all((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) >= 0 for p in points)

    triples = [doubled(a, b, c) for a, b, c in permutations(points, 3)]
    if max(triples) == 0:
        return
    edges = [(a, b) for a, b in permutations(points, 2) if left_of(a, b)]
    longest = [  # on each side of the hull, from its one end to its other
        (a, b) for a, b in edges if not any(doubled(a, b, p) == 0 and not between(a, b, p) for p in points)
    ]
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in longest)
    assert convex(np.array(points, dtype=float)) == float(Fraction(min(triples), area))


def between(a: tuple[int, int], b: tuple[int, int], p: tuple[int, int]) -> bool:
    """Returns whether a point on a line lies from a to b."""
    return all(min(u, v) <= w <= max(u, v) for u, v, w in zip(a, b, p, strict=True))


def test_a_triangle_of_one_ulp_counts_and_one_of_nothing_is_0() -> None:
    points = np.array([[0.0, 0.0], [0.5, 0.25], [1.0, 0.0], [0.25, 0.125]])
    assert triangle(points) == 0
    points[3, 1] = np.nextafter(0.125, 1)
    assert triangle(points) == Fraction(points[3, 1]) / 2 - Fraction(1, 16)


@pytest.mark.parametrize("point", [(-5e-324, 0.5), (0.5, -5e-324), (0.5, math.nextafter(0.5, 1)), (1.0, 5e-324)])
def test_a_point_outside_the_triangle_by_any_bit_is_refused(point: tuple[float, float]) -> None:
    with pytest.raises(InvalidClaim, match="point 2 lies outside"):
        triangle(np.array([[0.0, 0.0], [1.0, 0.0], point]))


def test_known_shapes_have_their_ratio_of_distances() -> None:
    cube = np.array([[x, y, z] for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)])
    assert ratio(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])) == 2
    assert ratio(polygon(5)) == pytest.approx((1 + math.sqrt(5)) ** 2 / 4)
    assert ratio(cube) == 3
    assert ratio(np.array([[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]])) == 1


@given(st.lists(st.tuples(*[st.integers(-99, 99)] * 3), min_size=3, max_size=6, unique=True), st.integers(-300, 300))
def test_a_ratio_survives_scale_shift_and_exchanged_axes(points: list[tuple[int, int, int]], power: int) -> None:
    before = np.array(points, dtype=float)
    after = (before[::-1, [2, 0, 1]] + 1000.0) * 2.0**power
    assert ratio(after) == ratio(before)


def test_an_ulp_shows_in_a_ratio() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0**-10]])
    assert ratio(points) == 2.0**20 + 1
    points[1, 0] = np.nextafter(1, 2)
    assert ratio(points) == 2.0**20 + 1 + 2.0**-31


def same(points: Points) -> Points:
    points[1] = points[0]
    return points


def nearly(points: Points) -> Points:
    points[1] = np.nextafter(points[0], 9)
    return points


@pytest.mark.parametrize(
    "points", [np.zeros((4, 2)), same(polygon(4)), nearly(polygon(4)), polygon(4) * [1e308, 5e-324]]
)
def test_points_at_one_place_have_no_ratio(points: Points) -> None:
    with pytest.raises(InvalidClaim, match="at one place"):
        ratio(points)


def test_enormous_and_denormal_points_are_judged_as_any_others() -> None:
    assert ratio(np.array([[0.0, 0.0], [1e308, 0.0], [0.0, 1e308]])) == 2
    assert ratio(np.array([[0.0, 0.0], [5e-324, 0.0], [0.0, 5e-324]])) == 2
    assert convex(np.array([[-1e308, 0.0], [1e308, 0.0], [0.0, 1e308], [0.0, 5e-324]])) < 1e-300
