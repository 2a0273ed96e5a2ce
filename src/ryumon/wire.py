"""Frames between roles: a length, then one MessagePack record. Nothing here knows what the records mean.

A frame over a channel's limit is refused by its length, before a byte of it is read. A record takes at most some 25
times its frame in memory, so that limit is one on memory too.
"""

import asyncio
import socket
from typing import Any

import msgspec

from ryumon.errors import RoleError, RoleGone

MAX_FRAME = 64 * 1024 * 1024
WORDS = 2_000
_encoder = msgspec.msgpack.Encoder()


def _frame(message: msgspec.Struct) -> bytes:
    body = _encoder.encode(message)
    if len(body) > MAX_FRAME:
        raise RoleError(f"a {type(message).__name__} of {len(body)} bytes is over the limit of a frame")
    return len(body).to_bytes(4, "big") + body


def _length(head: bytes, limit: int) -> int:
    length = int.from_bytes(head, "big")
    if length > limit:
        raise RoleError(f"a frame of {length} bytes is over the limit of {limit}")
    return length


def _decoded(decoder: msgspec.msgpack.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        # Its text may quote what was sent.
        raise RoleError(f"a frame is not a record of this protocol: {one_line(str(error))}") from error


def one_line(text: str) -> str:
    """Returns another role's words as one line of bearable length."""
    return " ".join(text[:WORDS].split())


class Channel:
    """The blocking end of a stream socket; records that arrive are of one of the `accepts` types."""

    def __init__(self, sock: socket.socket, accepts: Any) -> None:
        self._sock = sock
        self._decoder = msgspec.msgpack.Decoder(accepts)

    def send(self, message: msgspec.Struct) -> None:
        """Sends one record."""
        self._sock.sendall(_frame(message))

    def receive(self) -> Any:
        """Returns the next record; raises `EOFError` once the other side is gone."""
        return _decoded(self._decoder, self._exactly(_length(self._exactly(4), MAX_FRAME)))

    def _exactly(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = self._sock.recv(min(count - len(parts), 1 << 20))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)


class AsyncChannel:
    """The supervisor's end of a stream socket. It reads no frame over `limit` bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, accepts: Any, limit: int) -> None:
        self._reader, self._writer, self._limit = reader, writer, limit
        self._decoder = msgspec.msgpack.Decoder(accepts)

    @classmethod
    async def over(cls, sock: socket.socket, accepts: Any, limit: int = MAX_FRAME) -> "AsyncChannel":
        """Returns a channel over a connected socket, which it owns from now on."""
        reader, writer = await asyncio.open_connection(sock=sock)
        return cls(reader, writer, accepts, limit)

    async def send(self, message: msgspec.Struct) -> None:
        """Sends one record; raises `RoleGone` where the other side is."""
        try:
            self._writer.write(_frame(message))
            await self._writer.drain()
        except ConnectionError as error:
            raise RoleGone("the other process is gone") from error

    async def receive(self) -> Any:
        """Returns the next record; raises `RoleGone` where the other side is, `RoleError` where it speaks another
        protocol."""
        try:
            body = await self._reader.readexactly(_length(await self._reader.readexactly(4), self._limit))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise RoleGone("the other process is gone") from error
        return _decoded(self._decoder, body)

    def close(self) -> None:
        """Closes the socket."""
        self._writer.close()
