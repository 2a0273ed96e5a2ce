"""Strict checks of claims, for a task's evaluator: the right kind, shape and range, and finite, or refused.

A claim is plain data from untrusted code. Each check returns the value as declared or raises `InvalidClaim` with one
line that says what was expected and what came; the worker turns that into the status `invalid`. This module does not
judge how good a claim is.
"""

import math
import re
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class InvalidClaim(Exception):
    """A claim that an evaluator refuses; its message is one line, fit to be shown to an improver."""


def array(claim: object, dtype: DTypeLike, shape: tuple[int | None, ...], what: str = "the answer") -> NDArray[Any]:
    """Returns `claim` as an array of exactly `dtype` and `shape`, where None in `shape` stands for any length.

    Only a numpy array of the same kind that converts without loss passes: integers are not floats, booleans are not
    integers, lists are not arrays. Floats are finite.
    """
    wanted = np.dtype(dtype)
    expected = f"{what} must be an array of {wanted} with shape {_shape(shape)}"
    if type(claim) is not np.ndarray:
        raise InvalidClaim(f"{expected}, not {describe(claim)}")
    fits = claim.ndim == len(shape) and all(
        length in (None, got) for length, got in zip(shape, claim.shape, strict=True)
    )
    if not fits or claim.dtype.kind != wanted.kind or not np.can_cast(claim.dtype, wanted, "safe"):
        raise InvalidClaim(f"{expected}, not {describe(claim)}")
    if wanted.kind in "fc" and not np.isfinite(claim).all():
        place = tuple(int(axis[0]) for axis in np.nonzero(~np.isfinite(claim)))
        raise InvalidClaim(f"{what} must be finite, but at {list(place)} it is {claim[place]}")
    return np.array(claim, dtype=wanted, order="C")


def number(claim: object, low: float | None = None, high: float | None = None, what: str = "the answer") -> float:
    """Returns `claim`, an int or a finite float from `low` to `high` inclusive, as a float."""
    expected = f"{what} must be a finite number{_range(low, high)}"
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        raise InvalidClaim(f"{expected}, not {describe(claim)}")
    try:
        value = float(claim)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value) or (low is not None and claim < low) or (high is not None and claim > high):
        raise InvalidClaim(f"{expected}, not {describe(claim)}")
    return value


def integer(claim: object, low: int | None = None, high: int | None = None, what: str = "the answer") -> int:
    """Returns `claim`, an int (a bool or a whole float is not one) from `low` to `high` inclusive."""
    outside = isinstance(claim, int) and ((low is not None and claim < low) or (high is not None and claim > high))
    if isinstance(claim, bool) or not isinstance(claim, int) or outside:
        raise InvalidClaim(f"{what} must be an integer{_range(low, high)}, not {describe(claim)}")
    return int(claim)


def numbers(claim: object, count: int | None = None, what: str = "the output") -> list[float]:
    """Returns the finite numbers that a text, such as the output of a process, holds between white space; `count` of
    them where it is given."""
    expected = f"{what} must be {'' if count is None else f'{count} '}finite numbers between white space"
    if type(claim) is not str:
        raise InvalidClaim(f"{expected}, not {describe(claim)}")
    words = claim.split(maxsplit=-1 if count is None else count)
    if count not in (None, len(words)):
        raise InvalidClaim(f"{expected}, not {len(words) if len(words) < (count or 0) else 'more'}")
    wrong = next((word for word in words if not _NUMBER.fullmatch(word)), None)
    if wrong is not None:
        raise InvalidClaim(f"{expected}, not {wrong[:40]!r}")
    return [number(float(word), what=what) for word in words]


def describe(claim: object) -> str:
    """Returns a few words on what a claim is, safe to print whatever it holds."""
    if type(claim) is np.ndarray:
        return f"an array of {claim.dtype} with shape {_shape(claim.shape)}"
    if type(claim) is int and claim.bit_length() > 128:
        return f"an int of {claim.bit_length()} bits"
    if type(claim) in (bool, int, float):
        return f"{type(claim).__name__} {claim!r}"
    return "None" if claim is None else f"a {type(claim).__name__}"


def _shape(shape: tuple[int | None, ...]) -> str:
    lengths = ["any" if length is None else str(length) for length in shape]
    return f"({', '.join(lengths)}{',' if len(lengths) == 1 else ''})"


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    return f" of at most {high}" if high is not None else ""
