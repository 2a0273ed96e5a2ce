"""Claims pass only as declared; every refusal is one line."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryumon.evaluation.claims import InvalidClaim, array, describe, integer, number, numbers


def test_an_array_of_the_declared_kind_and_shape_passes_as_a_copy() -> None:
    claim = np.arange(6, dtype=np.int32).reshape(2, 3)
    checked = array(claim, np.int64, (2, None))
    assert checked.dtype == np.int64
    assert checked.tolist() == claim.tolist()
    assert not np.shares_memory(checked, claim)


@pytest.mark.parametrize(
    "claim",
    [
        None,
        [[1.0, 2.0]],
        np.float64(1.0),
        np.zeros((2, 2)),
        np.zeros(2),
        np.zeros((1, 2), np.int64),
        np.zeros((1, 2), bool),
        np.zeros((1, 2), complex),
        np.zeros((1, 2), np.longdouble),
        np.zeros((1, 2), object),
        np.zeros((1, 2), "U3"),
        np.array([[1.0, np.nan]]),
        np.array([[1.0, np.inf]]),
        np.ma.masked_array([[1.0, 2.0]]),
    ],
)
def test_an_array_of_another_kind_shape_or_value_is_refused(claim: Any) -> None:
    with pytest.raises(InvalidClaim, match="the answer must be") as refusal:
        array(claim, np.float64, (1, 2))
    assert "\n" not in str(refusal.value)


def test_booleans_and_unsigned_integers_are_not_integers() -> None:
    for dtype in (bool, np.uint64, np.float64):
        with pytest.raises(InvalidClaim, match="int64"):
            array(np.zeros(3, dtype), np.int64, (3,))


def test_the_refusal_names_the_place_of_a_nan() -> None:
    with pytest.raises(InvalidClaim, match=r"at \[1, 0\] it is nan"):
        array(np.array([[0.0], [np.nan]]), np.float64, (2, 1))


@pytest.mark.parametrize("claim", [True, None, "1", [1.0], 1j, float("nan"), float("inf"), 10**400, -0.5, 2])
def test_a_number_outside_its_range_or_kind_is_refused(claim: Any) -> None:
    with pytest.raises(InvalidClaim, match="from 0 to 1"):
        number(claim, 0, 1)


@pytest.mark.parametrize("claim", [True, None, 1.0, "1", -1, 11, 10**400])
def test_an_integer_outside_its_range_or_kind_is_refused(claim: Any) -> None:
    with pytest.raises(InvalidClaim, match="integer from 0 to 10"):
        integer(claim, 0, 10)


@given(st.integers(-(10**9), 10**9))
def test_integers_pass_both_checks_unchanged(value: int) -> None:
    assert integer(value, low=-(10**9)) == value
    assert number(value, high=10**9) == float(value)


@given(st.recursive(st.none() | st.integers() | st.floats() | st.text(), st.lists))
def test_a_description_is_short_and_of_one_line(value: Any) -> None:
    assert len(describe(value)) < 80
    assert "\n" not in describe(value)


def test_numbers_are_read_from_text() -> None:
    assert numbers(" 1 -2.5\n3e2\t.5 ") == [1.0, -2.5, 300.0, 0.5]
    assert numbers("1 2", 2) == [1.0, 2.0]
    assert numbers("") == []


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "best", "1_0", "0x1", "1,2", "\u0661", b"1", None, 1.0])
def test_what_is_no_text_of_finite_numbers_is_refused(text: object) -> None:
    with pytest.raises(InvalidClaim):
        numbers(text)


@pytest.mark.parametrize(("text", "said"), [("1", "not 1"), ("1 2 3", "not more"), ("1 x", "not 'x'")])
def test_the_count_of_numbers_is_checked(text: str, said: str) -> None:
    with pytest.raises(InvalidClaim, match=f"the output must be 2 finite numbers .*{said}$"):
        numbers(text, 2)
