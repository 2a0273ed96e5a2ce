"""The messages between worker, zygote and child, and the framing of the worker's stream to a child."""

from typing import Literal

import msgspec

Cause = Literal["exit", "cpu_limit", "wall_limit", "killed", "failed"]


class Spawn(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Worker to zygote: start a child on the two descriptors sent along (its stream, its log)."""

    id: int
    cpu_s: float
    wall_s: float
    memory_mb: int
    disk_mb: int
    processes: int
    claim_kb: int


class Kill(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Worker to zygote: end this child and all that it started."""

    id: int


class Prepare(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Worker to zygote, unanswered: load the drivers' source, so that no child that is sent the same has to."""

    drivers: bytes


class Ended(msgspec.Struct, frozen=True, array_like=True):
    """Zygote to worker: a child is gone. `cause` is what ended it; `failed` means that it could not be started.

    `cpu_s` covers the child and the descendants it waited for; with several processes, also those seen running.
    """

    id: int
    cause: Cause
    exit_code: int
    signal: int
    cpu_s: float
    wall_s: float
    max_rss_mb: float
    note: str = ""


class Load(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Worker to child, first and unanswered: the candidate's files and the drivers' source, as bytes; `built` is what
    a build has left."""

    files: tuple[tuple[bytes, bytes], ...]
    drivers: bytes | None
    built: tuple[tuple[bytes, bytes], ...] = ()


class Call(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Worker to child: answer `target` (`file.py:function`) of encoded `args`; `driver` names who calls it, if any."""

    nonce: bytes
    target: str
    args: bytes
    driver: str | None = None


class Run(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Worker to child: run a command in the work folder, and answer with its standard output."""

    nonce: bytes
    command: tuple[str, ...]
    stdin: bytes


class Build(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Worker to child: run a command in the work folder, and answer with the files that it made, by path."""

    nonce: bytes
    command: tuple[str, ...]


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """Child to worker, for one request: an encoded value, or what went wrong. Untrusted."""

    nonce: bytes
    status: Literal["ok", "error", "invalid", "memory_limit", "killed"]
    payload: bytes = b""
    message: str = ""


class Failed(Exception):
    """What is answered in place of a value: a status and a message."""


READY = b"R"  # one byte, sent by the child when confined and before any of the candidate's code runs
CONTROL = 65536  # bytes of a message to the zygote, at most
HEADER = 4  # bytes of a frame's big-endian length
MESSAGE_CHARS = 4000  # of a failure's text
OVERHEAD = 5 * MESSAGE_CHARS + 256  # what an answer may hold beside its payload

encode = msgspec.msgpack.encode
to_zygote: msgspec.msgpack.Decoder[Spawn | Kill | Prepare] = msgspec.msgpack.Decoder(Spawn | Kill | Prepare)
to_child: msgspec.msgpack.Decoder[Load | Call | Run | Build] = msgspec.msgpack.Decoder(Load | Call | Run | Build)
ended: msgspec.msgpack.Decoder[Ended] = msgspec.msgpack.Decoder(Ended)
answer: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def frame(message: msgspec.Struct) -> bytes:
    """Returns a message as one frame: length, then content."""
    body = encode(message)
    return len(body).to_bytes(HEADER, "big") + body
