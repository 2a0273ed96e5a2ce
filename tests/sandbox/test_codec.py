"""The codec carries what it promises, exactly, and answers every other byte string with one kind of error."""

import contextlib
import math
import tracemalloc
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ryumon.sandbox.guest.codec import CodecError, decode, encode

Array = np.ndarray[Any, Any]
_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False), _TEXT, st.binary()
)
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=20)
_NAMES = ["bool", "int8", "uint16", "int32", "uint64", "float16", "float32", "float64", "complex64", "complex128"]


@st.composite
def arrays(draw: st.DrawFn) -> Array:
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=4)))
    dtype = np.dtype(draw(st.sampled_from(_NAMES)))
    size = math.prod(shape)
    if dtype == np.bool_:
        return np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), bool).reshape(shape)
    raw = draw(st.binary(min_size=size * dtype.itemsize, max_size=size * dtype.itemsize))
    return np.frombuffer(raw, dtype).reshape(shape)


@settings(deadline=None)
@given(_VALUES)
def test_plain_data_makes_the_round_trip(value: Any) -> None:
    assert decode(encode(value)) == value


@settings(deadline=None)
@given(arrays())
def test_arrays_make_the_round_trip_to_the_last_bit(array: Array) -> None:
    copy = decode(encode([array]))[0]
    assert (copy.dtype, copy.shape, copy.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert copy.flags.writeable
    assert copy.flags.owndata


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_give_a_value_or_a_codec_error(data: bytes) -> None:
    with contextlib.suppress(CodecError):
        decode(data)


@settings(deadline=None)
@given(_VALUES, arrays(), st.data())
def test_damaged_messages_give_a_value_or_a_codec_error(value: Any, array: Array, data: st.DataObject) -> None:
    message = bytearray(encode([value, array]))
    place = data.draw(st.integers(0, len(message) - 1))
    message[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CodecError):
        decode(bytes(message[: data.draw(st.integers(0, len(message)))]))


@pytest.mark.parametrize(
    "value",
    [
        2**64,
        -(2**63) - 1,
        object(),
        1j,
        np.array([None]),
        np.array(["a"]),
        np.datetime64("2020-01"),
        np.longdouble(1),
        np.zeros((0, 1 << 27)),
    ],
)
def test_what_cannot_travel_is_refused(value: Any) -> None:
    with pytest.raises(CodecError):
        encode(value)


def test_numpy_scalars_become_numbers_and_tuples_lists() -> None:
    answer = decode(encode((np.float32(1.5), np.int64(2), np.True_, np.str_("a"))))
    assert answer == [1.5, 2, True, "a"]
    assert [type(item) for item in answer] == [float, int, bool, str]


def test_an_empty_array_of_ordinary_extents_travels() -> None:
    assert decode(encode(np.zeros((0, 1 << 20)))).shape == (0, 1 << 20)


def _lying(base: type, **methods: Any) -> type:
    return type("Lying", (base,), {name: lambda *_, answer=answer: answer for name, answer in methods.items()})


@pytest.mark.parametrize(
    ("value", "true"),
    [
        (_lying(int, __int__=9, __index__=9, __trunc__=9)(3), 3),
        (_lying(float, __float__=1e9)(2.5), 2.5),
        (_lying(str, __str__="lie")("true"), "true"),
        (_lying(bytes, __bytes__=b"lie")(b"true"), b"true"),
        (_lying(list, __iter__=iter([9]), __len__=1, copy=[9])([1, 2]), [1, 2]),
        (_lying(tuple, __iter__=iter([9]), __len__=1)((1, 2)), [1, 2]),
        (_lying(dict, __iter__=iter("z"), keys=["z"], items=[("z", 9)], __getitem__=9)({"a": 1}), {"a": 1}),
        (_lying(np.float64, item=9.0, __float__=9.0)(2.5), 2.5),
        (_lying(np.int64, item=9, __int__=9)(2), 2),
    ],
)
def test_a_subclass_travels_as_the_value_that_it_holds(value: Any, true: Any) -> None:
    assert decode(encode(value)) == true


def test_a_nan_that_passes_itself_off_as_a_number_arrives_as_nan() -> None:
    assert math.isnan(decode(encode(_lying(float, __float__=1e9)(math.nan))))


def test_what_only_claims_to_be_plain_is_refused() -> None:
    with pytest.raises(CodecError):
        encode(type("Posing", (), {"__class__": property(lambda _: float), "__float__": lambda _: 1.0})())


def test_arrays_of_any_layout_arrive_native_and_contiguous() -> None:
    for array in (
        np.arange(6).reshape(2, 3).T,
        np.arange(10)[::3],
        np.arange(3, dtype=">i4"),
        np.eye(3, order="F"),
    ):
        copy = decode(encode(array))
        assert np.array_equal(copy, array)
        assert copy.dtype.isnative


def _array(name: bytes, shape: list[int], body: bytes) -> bytes:
    head = bytes([len(name)]) + name + bytes([len(shape)]) + b"".join(size.to_bytes(8, "little") for size in shape)
    return msgspec.msgpack.encode(msgspec.msgpack.Ext(1, head + body))


@pytest.mark.parametrize(
    "data",
    [
        _array(b"<f8", [2], bytes(8)),
        _array(b"|O", [1], bytes(8)),
        _array(b"<U1", [1], bytes(4)),
        _array(b">f8", [1], bytes(8)),
        _array(b"<f8", [2**63, 2], b""),
        _array(b"<f8", [2**62, 4], b""),
        _array(b"<f8", [0, 2**62], b""),
        _array(b"<f8", [0, 2**27], b""),
        _array(b"|u1", [2**14, 0, 2**14], b""),
        _array(b"|b1", [1], b"\x07"),
        _array(b"|u1", [1] * 40, b"\x07"),
        msgspec.msgpack.encode(msgspec.msgpack.Ext(2, b"")),
        b"\xc7\x00\x01",
        b"\xd6\xff\x00\x00\x00\x01",
        b"\xc7\x0c\xff" + bytes(12),
        b"\xc1",
        b"",
        b"\x01\x01",
    ],
)
def test_bytes_that_are_no_value_are_refused(data: bytes) -> None:
    with pytest.raises(CodecError):
        decode(data)


def test_depth_is_bounded() -> None:
    with pytest.raises(CodecError):
        decode(b"\x91" * 100_000 + b"\x01")


def test_nested_headers_that_each_claim_the_rest_allocate_nothing() -> None:
    data = b"\xdd\x00\x0e\x00\x00" * 200 + b"\xc0" * 1_000_000
    tracemalloc.start()
    try:
        with pytest.raises(CodecError):
            decode(data)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
