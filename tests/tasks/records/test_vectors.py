"""Kissing spheres and cap sets: known sets have their size, and what is wrong by one is refused."""

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ryumon.evaluation.claims import InvalidClaim
from ryumon.tasks.records.cap_set_8.task import CapSet8
from ryumon.tasks.records.kissing_11.task import Kissing11
from ryumon.tasks.records.verifiers.caps import CapSet, verify_cap
from ryumon.tasks.records.verifiers.kissing import Kissing, verify_sixty_degrees
from tests.tasks.records.answering import judged

Vectors = NDArray[np.int64]


def kissing(vectors: Vectors) -> float:
    """Returns the score of vectors in their own number of dimensions."""
    return judged(type("Spheres", (Kissing,), {"dimensions": vectors.shape[1], "most": 300}), vectors).score


def roots(dimensions: int) -> Vectors:
    """Returns the roots of D_n: ±1 at two places, 0 elsewhere."""
    rows = []
    for i, j in combinations(range(dimensions), 2):
        for p, q in product((-1, 1), repeat=2):
            row = [0] * dimensions
            row[i], row[j] = p, q
            rows.append(row)
    return np.array(rows)


def e8() -> Vectors:
    """Returns the 240 shortest vectors of E8, times 2."""
    halves = [row for row in product((-1, 1), repeat=8) if row.count(-1) % 2 == 0]
    return np.concatenate((2 * roots(8), np.array(halves)))


def test_known_arrangements_have_their_kissing_numbers() -> None:
    assert kissing(np.array([[1], [-1]])) == 2
    assert kissing(roots(3)) == 12
    assert kissing(roots(4)) == 24
    assert kissing(e8()) == 240


def test_lengths_do_not_matter() -> None:
    scaled = e8() * np.arange(1, 241)[:, None]
    assert kissing(scaled) == 240
    assert kissing(scaled * 10**15) == 240


def test_one_more_vector_than_the_kissing_number_is_refused() -> None:
    with pytest.raises(InvalidClaim, match="less than 60"):
        kissing(np.concatenate((roots(3), [[1, 1, 1]])))


@pytest.mark.parametrize("other", [[1, 0, 0], [5, 0, 0]])
def test_a_direction_twice_is_refused(other: list[int]) -> None:
    with pytest.raises(InvalidClaim, match="vectors 0 and 1 are less than 60"):
        kissing(np.array([[1, 0, 0], other]))


def test_an_angle_too_small_by_less_than_a_float_can_tell_is_refused() -> None:
    big = 3 * 10**18
    exact = np.array([[big, big, 0], [big, 0, big]])
    verify_sixty_degrees(exact)
    verify_sixty_degrees(exact + np.array([[0, 1, 0], [0, 0, 0]]))
    with pytest.raises(InvalidClaim, match="less than 60"):
        verify_sixty_degrees(exact - np.array([[0, 1, 0], [0, 0, 0]]))


@given(st.lists(st.tuples(*[st.integers(-(2**63), 2**63 - 1)] * 3), min_size=2, max_size=5))
def test_whole_numbers_of_any_size_are_judged_exactly(rows: list[tuple[int, ...]]) -> None:
    def apart(v: tuple[int, ...], w: tuple[int, ...]) -> bool:
        dot, vv, ww = (sum(a * b for a, b in zip(x, y, strict=True)) for x, y in ((v, w), (v, v), (w, w)))
        return vv > 0 and ww > 0 and (dot <= 0 or 4 * dot * dot <= vv * ww)

    if all(apart(v, w) for v, w in combinations(rows, 2)):
        verify_sixty_degrees(np.array(rows, dtype=np.int64))
    else:
        with pytest.raises(InvalidClaim):
            verify_sixty_degrees(np.array(rows, dtype=np.int64))


@given(st.permutations(range(4)), st.lists(st.sampled_from([-1, 1]), min_size=4, max_size=4))
def test_permuted_axes_rows_and_signs_change_nothing(order: list[int], signs: list[int]) -> None:
    assert kissing((roots(4)[:, order] * signs)[::-1]) == 24


def test_the_zero_vector_is_refused() -> None:
    with pytest.raises(InvalidClaim, match="vector 1 is 0"):
        kissing(np.array([[1, 0], [0, 0]]))


@pytest.mark.parametrize("count", [0, 869, 10_000])
def test_more_vectors_than_there_can_be_are_refused_unseen(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ryumon.tasks.records.verifiers.kissing.verify_sixty_degrees", None)
    with pytest.raises(InvalidClaim, match=f"there are {count} vectors"):
        judged(Kissing11, np.ones((count, 11), np.int64))


def cap(points: Any) -> float:
    """Returns the score of points in their own number of dimensions."""
    return judged(type("Cap", (CapSet,), {"dimensions": np.shape(points)[1]}), np.array(points)).score


def caps_of(dimensions: int) -> Vectors:
    """Returns the largest cap set of up to 4 dimensions that one search finds: of 2, 4, 9 or 20 points."""
    points = list(product((0, 1, 2), repeat=dimensions))
    size = {1: 2, 2: 4, 3: 9, 4: 20}[dimensions]

    def extended(taken: list[tuple[int, ...]], free: list[tuple[int, ...]]) -> list[tuple[int, ...]] | None:
        if len(taken) == size:
            return taken
        for place, point in enumerate(free):
            if len(taken) + len(free) - place < size:
                return None
            thirds = {tuple(-(a + b) % 3 for a, b in zip(point, old, strict=True)) for old in taken}
            found = extended([*taken, point], [p for p in free[place + 1 :] if p not in thirds])
            if found:
                return found
        return None

    found = extended([], points)
    assert found is not None
    return np.array(found)


def test_known_caps_and_their_products_are_caps() -> None:
    """The product of a cap of 4 points of F₃² with itself, four times, is one of 256; of 9 and 4: 9·9·4 = 324."""
    squares, cubes = caps_of(2), caps_of(3)
    two = list(product((0, 1), repeat=8))
    assert cap(two) == cap([[*a, *b, *c, *d] for a, b, c, d in product(squares, repeat=4)]) == 256
    assert cap([[*a, *b, *c] for a, b, c in product(cubes, cubes, squares)]) == 324
    assert judged(CapSet8, np.array(two)).score == 256


@settings(max_examples=20)
@given(st.permutations(range(8)), st.lists(st.integers(0, 2), min_size=8, max_size=8), st.integers(1, 2))
def test_permuted_axes_shifts_and_signs_change_nothing(order: list[int], shift: list[int], sign: int) -> None:
    cube, square = caps_of(3), caps_of(2)
    points = np.array([[*a, *b, *c] for a, b, c in product(cube, cube, square)], dtype=np.int64)[::-1, order]
    verify_cap((points * sign + np.array(shift, dtype=np.int64)) % 3)


@given(st.sets(st.tuples(*[st.integers(0, 2)] * 3), max_size=9), st.randoms(use_true_random=False))
def test_exactly_the_sets_without_a_line_are_caps(points: set[tuple[int, ...]], random: Any) -> None:
    rows = sorted(points)
    random.shuffle(rows)
    lines = any(not (np.sum(three, axis=0) % 3).any() for three in combinations(rows, 3))
    if lines:
        with pytest.raises(InvalidClaim, match="is on a line"):
            verify_cap(np.array(rows, dtype=np.int64))
    else:
        verify_cap(np.array(rows, dtype=np.int64).reshape(-1, 3))


@pytest.mark.parametrize(
    ("points", "why"),
    [
        (np.zeros((2, 8), np.int64), "there twice"),
        (np.full((1, 8), 3), "not 0, 1 or 2"),
        (np.full((1, 8), -1), "not 0, 1 or 2"),
        (np.zeros((7000, 8), np.int64), "there twice"),
        (np.zeros((1, 7), np.int64), "must be an array"),
        (np.zeros((1, 8)), "must be an array"),
        (np.zeros((1, 8), bool), "must be an array"),
        (np.zeros(8, np.int64), "must be an array"),
        ([[0] * 8], "must be an array"),
        (None, "must be an array"),
    ],
)
def test_what_is_no_set_of_points_never_scores(points: Any, why: str) -> None:
    with pytest.raises(InvalidClaim, match=why):
        judged(CapSet8, points)
