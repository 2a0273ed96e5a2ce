"""Plain data and numpy arrays as MessagePack: how arguments reach a candidate and claims come back.

Values are None, bool, int of 64 bits, float, str, bytes, list, dict and numpy arrays; tuples and sets arrive as lists,
numpy scalars as Python numbers. An array travels as one extension type: dtype, shape, raw bytes. This module checks
structure only: NaN and infinity pass, for a task to judge.
"""

import math
import re
import struct
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

ARRAY = 1
MAX_DIMENSIONS = 32
_MAX_EXTENT = 1 << 40
_MAX_HOLLOW = 16 << 20  # bytes that an empty array would have with its extents of 0 as 1: what a reduction may allocate
_NAMES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128"
_DTYPES = {np.dtype(name).str.encode(): np.dtype(name) for name in _NAMES.split()}
_NATIVE = {dtype: name for name, dtype in _DTYPES.items()}
# Reads a subclass's own value past whatever the subclass overrides.
_PLAIN: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    bytes: bytes.__bytes__,
    list: list.copy,
    tuple: lambda value: tuple(tuple.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
}


class CodecError(ValueError):
    """A value that cannot travel, or bytes that are no value."""


def encode(value: Any) -> bytes:
    """Returns `value` as bytes; raises `CodecError` where it holds anything but plain data and arrays."""
    try:
        return _ENCODER.encode(value)
    except CodecError:
        raise
    except RecursionError:
        raise CodecError("nested too deeply") from None
    except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as error:
        raise CodecError(str(error)) from None


def decode(data: bytes | memoryview) -> Any:
    """Returns the value that `data` encodes, arrays writable and owned; raises `CodecError` for all other bytes."""
    _check_tokens(data)
    try:
        return _DECODER.decode(data)
    except CodecError:
        raise
    except RecursionError:
        raise CodecError("nested too deeply") from None
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise CodecError(str(error)) from None


def _encode_other(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return msgspec.msgpack.Ext(ARRAY, _pack_array(np.asarray(value)))
    if isinstance(value, np.generic):
        value = np.generic.item(value)
        if type(value) in (bool, int, float, str, bytes):
            return value
    for plain, read in _PLAIN.items():
        if isinstance(value, plain):
            return read(value)
    raise CodecError(f"a {type(value).__name__} is neither plain data nor an array")


def _pack_array(array: np.ndarray[Any, Any]) -> bytes:
    dimensions = array.ndim
    if (name := _NATIVE.get(array.dtype)) is None:
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        name = array.dtype.str.encode()
    if name not in _DTYPES or dimensions > MAX_DIMENSIONS:
        raise CodecError(f"an array of dtype {array.dtype} with {dimensions} dimensions cannot travel")
    if _hollow(array.shape, array.dtype):
        raise CodecError(f"an empty array of shape {array.shape} cannot travel: its extents are too large")
    return struct.pack(f"<B{len(name)}sB{dimensions}Q", len(name), name, dimensions, *array.shape) + array.tobytes()


def _hollow(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Returns whether an array without elements has extents that an operation on it could fill memory with."""
    return 0 in shape and math.prod(max(1, extent) for extent in shape) * dtype.itemsize > _MAX_HOLLOW


def _decode_extension(code: int, data: memoryview) -> np.ndarray[Any, Any]:
    if code != ARRAY:
        raise CodecError(f"extension type {code} is unknown")
    try:
        (length,) = struct.unpack_from("<B", data)
        name, dimensions = struct.unpack_from(f"<{length}sB", data, 1)
        start = 2 + length
        if dimensions > MAX_DIMENSIONS:
            raise CodecError(f"an array of {dimensions} dimensions")
        shape = struct.unpack_from(f"<{dimensions}Q", data, start)
    except struct.error:
        raise CodecError("an array's header is cut short") from None
    dtype = _DTYPES.get(name)
    body = data[start + 8 * dimensions :]
    if dtype is None or max(shape, default=0) > _MAX_EXTENT or math.prod(shape) * dtype.itemsize != len(body):
        raise CodecError("an array's dtype, shape and size disagree")
    if _hollow(shape, dtype):
        raise CodecError("an empty array's extents are too large")
    array = np.ndarray(shape, dtype, buffer=body).copy()
    # A bool of another byte than 0 or 1 would count as more than one wherever a task sums it.
    if dtype == np.bool_ and array.size and array.view(np.uint8).max() > 1:
        raise CodecError("an array of bool holds a byte that is neither 0 nor 1")
    return array


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_encode_other)
_DECODER = msgspec.msgpack.Decoder(ext_hook=_decode_extension)

# Runs of fixed-size scalars, skipped in one step; possessive, so that a long run keeps no backtracking state.
_SCALARS = re.compile(
    rb"(?:[\x00-\x7f\xc0\xc2\xc3\xe0-\xff]|[\xcc\xd0].|[\xcd\xd1]..|[\xca\xce\xd2].{4}|[\xcb\xcf\xd3].{8})*+", re.DOTALL
)
_LENGTH_SIZE = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4}
_FIXED_EXTENSION = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_COUNT_SIZE = {0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}


def _check_tokens(data: bytes | memoryview) -> None:
    """Refuses counts that the data cannot hold, and foreign extension types, before anything is allocated.

    A decoder allocates each container at its declared length, so a chain of nested headers that each claim the whole
    rest would ask for gigabytes. In an honest message the counts add up to less than its length.
    """
    size = len(data)
    position = 0
    declared = 0
    while True:
        match = _SCALARS.match(data, position)
        position = match.end() if match else position
        if position >= size:
            break
        position, count = _step(data, position)
        declared += count
        if declared > size:
            raise CodecError("a container is longer than the message")
    if position > size:
        raise CodecError("the message is cut short")


def _step(data: bytes | memoryview, position: int) -> tuple[int, int]:
    """Returns the position after the header or text at `position`, and how many values that header announces."""
    byte = data[position]
    position += 1
    if 0xA0 <= byte <= 0xBF:
        return position + (byte & 0x1F), 0
    if 0x80 <= byte <= 0x9F:
        return position, (byte & 0x0F) * (1 if byte >= 0x90 else 2)
    if byte in _COUNT_SIZE:
        end = position + _COUNT_SIZE[byte]
        return end, int.from_bytes(data[position:end], "big") * (1 if byte < 0xDE else 2)
    if byte in _FIXED_EXTENSION:
        end, length = position, _FIXED_EXTENSION[byte]
    elif byte in _LENGTH_SIZE:
        end = position + _LENGTH_SIZE[byte]
        length = int.from_bytes(data[position:end], "big")
    else:
        raise CodecError("the message is cut short or malformed")
    if byte in _FIXED_EXTENSION or byte in (0xC7, 0xC8, 0xC9):
        if bytes(data[end : end + 1]) != bytes([ARRAY]):
            raise CodecError("an extension that is no array")
        end += 1
    return end + length, 0


if sys.byteorder != "little":
    raise ImportError("ryumon's sandbox needs a little-endian machine")
