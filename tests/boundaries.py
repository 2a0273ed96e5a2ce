"""Every place where a role reads what another one wrote, as a function of the bytes that arrive there.

Each returns quietly where the bytes are a message that may stand, and raises one of its declared errors where not. A
returned evaluation is held against what an evaluation must be: that nothing here can score is the point.
"""

import asyncio
import math
import os
import socket
import sqlite3
import threading
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import msgspec

from ryumon.engines import local
from ryumon.engines.local import Lane
from ryumon.engines.messages import NOT_A_WORKERS, Answer, Boot, Describe, Evaluate, Evaluated, Request
from ryumon.errors import RoleError, StoreError
from ryumon.evaluation import evaluator
from ryumon.improvers import messages as improver_messages
from ryumon.improvers.base import Brief
from ryumon.improvers.client import MOST_BYTES, ImproverClient
from ryumon.improvers.messages import Ask, Known, Open, Opened, Proposed, Tell
from ryumon.program import Program, Proposal
from ryumon.sandbox import CandidateFailure, Child, Sandbox, codec
from ryumon.sandbox.guest import messages as guest
from ryumon.score import CaseResult, Evaluation
from ryumon.store import SqlStore
from ryumon.store.records import Finished, SearchEnded, Started, decoded, encoded
from ryumon.task import Limits, TaskFolder, TaskSpec
from ryumon.wire import AsyncChannel, Channel

NONCE = b"nonce678"
PROGRAM = Program({"a.py": "def f(x):\n    return x\n"})
SPEC = TaskSpec(name="t", direction="minimize", editable=("a.py",))
EVALUATE = Evaluate(id=1, files=PROGRAM.files, split="train", seed=0, cases=(0, 1))
SCORED = Evaluated(
    id=1, status="ok", results=(CaseResult("a", 1.0), CaseResult("b", 2.0, {"m": 1.0}, "f")), behaviours=(b"x", b"y")
)


class Boundary(msgspec.Struct, frozen=True):
    """One reader: what it may raise, and honest messages of the kind that it expects."""

    hear: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    honest: tuple[bytes, ...]


def connected(data: bytes) -> socket.socket:
    """Returns a socket on which `data` arrives, then the end."""
    ours, theirs = socket.socketpair()

    def feed() -> None:
        with theirs, suppress(OSError):
            theirs.sendall(data)
            theirs.shutdown(socket.SHUT_WR)
            while theirs.recv(1 << 16):
                pass

    threading.Thread(target=feed, daemon=True).start()
    return ours


def framed(*messages: bytes) -> bytes:
    """Returns messages as frames."""
    return b"".join(len(message).to_bytes(4, "big") + message for message in messages)


class DeafSandbox(Sandbox):
    """Stands for the zygote's side of a child that the test plays itself."""

    def __init__(self) -> None:
        """Has no zygote."""

    def kill(self, child: int) -> None:
        """Ends nothing."""

    def ends_within(self, child: int, seconds: float) -> bool:
        """Says that it has."""
        return True

    def wait(self, child: int) -> guest.Ended:
        """Says that the child was ended."""
        return guest.Ended(child, "killed", 0, 9, 0.0, 0.0, 0.0)


def child_stream(data: bytes, ask: Callable[[Child], object] | None = None) -> None:
    """Calls a child that has nothing to say but `data`, and happens to know the question's nonce."""
    stream, log = connected(guest.READY + data), os.memfd_create("log")
    with (
        patch("secrets.token_bytes", return_value=NONCE),
        Child(DeafSandbox(), 1, stream, log, Limits(claim_kb=1024), guest.Load((), None)) as child,
    ):
        if ask is not None:
            ask(child)
            return
        claim = child.call("a.py:f", [])
        assert codec.encode(codec.decode(claim.encoded)) == claim.encoded


def output_of_a_run(data: bytes) -> None:
    """Runs a program as a process whose output is bytes, or nothing that can be used."""

    def ask(child: Child) -> None:
        assert type(child.run(["./main"], b"").value) is bytes

    child_stream(data, ask)


def files_of_a_build(data: bytes) -> None:
    """Builds a program, and takes files with plain paths alone."""

    def ask(child: Child) -> None:
        for path, content in child.build(["make"]).items():
            assert not Path(path).is_absolute()
            assert ".." not in Path(path).parts
            assert type(content) is bytes

    child_stream(data, ask)


def zygote_report(*packets: bytes) -> None:
    """Waits for the end of a child, of which the zygote says these packets."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        sandbox = Sandbox(ours)
        child = sandbox.open({}, Limits())
        for data in packets:
            theirs.send(data[: 1 << 15])
        theirs.shutdown(socket.SHUT_WR)
        assert 0 <= sandbox.wait(1).cpu_s < math.inf
        child._stream.close()
        os.close(child._log)


def requests_of(accepts: Any) -> Callable[[bytes], None]:
    """Returns a reader of the requests that a role serves."""

    def hear(data: bytes) -> None:
        with connected(data) as sock:
            Channel(sock, accepts).receive()

    return hear


class PlayedLane(Lane):
    """A lane whose worker has `data` to say to everything."""

    def __init__(self, data: bytes) -> None:
        super().__init__(TaskFolder(Path("."), SPEC, "", PROGRAM, None), "A", None)
        self._data = data

    async def _start(self) -> None:
        self._channel = await AsyncChannel.over(connected(self._data), Answer, local.MOST_BYTES)


def worker_answer(data: bytes) -> None:
    """Asks a worker for an evaluation; raises unless the answer is one that a run may take."""

    async def inside() -> Answer:
        lane = PlayedLane(data)
        try:
            return await lane.ask(EVALUATE)
        finally:
            lane.close()

    answer = asyncio.run(inside())
    assert isinstance(answer, Evaluated) or type(answer).__name__ == "Refused"
    if isinstance(answer, Evaluated):
        assert answer.status not in NOT_A_WORKERS
        assert 0 <= answer.cpu_s < math.inf
        whole = len(answer.results) == len(EVALUATE.cases) == len(answer.behaviours)
        assert (answer.status == "ok") == whole
        assert all(math.isfinite(result.score) for result in answer.results)
        measured = evaluator.Measured(status=answer.status, results=answer.results)
        assert (measured.score is not None) == whole


def improver_answer(data: bytes) -> None:
    """Asks an improver for a proposal."""

    async def inside() -> None:
        channel = await AsyncChannel.over(connected(data), improver_messages.Answer, MOST_BYTES)
        try:
            client = ImproverClient(None, "A")  # type: ignore[arg-type]
            client._channel = channel
            proposed = await client.ask(0)
            assert proposed.index == 0
        finally:
            channel.close()

    asyncio.run(inside())


def stored_text(data: bytes) -> None:
    """Reads a text whose row holds `data`."""
    store, folder = _store()
    with closing(sqlite3.connect(Path(folder.name) / "store.db")) as raw, raw:
        raw.execute("INSERT OR REPLACE INTO texts VALUES (?, ?)", (bytes(32), data))
    store.text(bytes(32).hex())


@cache
def _store() -> tuple[SqlStore, "TemporaryDirectory[str]"]:
    folder = TemporaryDirectory()
    return SqlStore(Path(folder.name)), folder


_EVALUATION = Evaluation(index=0, program=PROGRAM, status="ok", score=1.0, cases=(CaseResult("a", 1.0),))
_BRIEF = Brief(
    task="t", direction="minimize", text="", language="python", editable=("a.py",), vocabulary="list", seed=PROGRAM
)
_STARTED = Started(
    version="", task="t", folder="", task_digest="", direction="minimize", unit="", exact=False, improver="mutate",
    options={}, seed=0, lookahead=1, budget="1ev", tier="A", test_seed=None, files={"a.py": "00" * 32},
)  # fmt: skip
_RECORDS = (
    _STARTED,
    SearchEnded("evaluations", 1.0),
    Finished(champion="c", verdict="improved", difference=1.0, ci95=(0.0, 1.0), elapsed=1.0, cpu_s=1.0),
)
_pack = msgspec.msgpack.encode


def _answers(*values: Any) -> tuple[bytes, ...]:
    return tuple(framed(_pack(guest.Answer(NONCE, "ok", codec.encode(value)))) for value in values)


BOUNDARIES = {
    "a claim": Boundary(codec.decode, (codec.CodecError,), (codec.encode([1, 2.5, "a", {"b": [None]}]),)),
    "a child's stream": Boundary(child_stream, (CandidateFailure,), _answers(1.0, [1, {"a": "b"}], None)),
    "a run's output": Boundary(output_of_a_run, (CandidateFailure,), _answers(b"out")),
    "a build's files": Boundary(files_of_a_build, (CandidateFailure,), _answers({"main": b"x", "a/b": b""})),
    "a zygote's report": Boundary(zygote_report, (RoleError,), (_pack(guest.Ended(1, "exit", 0, 0, 1.0, 1.0, 1.0)),)),
    "a worker's requests": Boundary(
        requests_of(Boot | Request),
        (RoleError, EOFError),
        (framed(_pack(EVALUATE)), framed(_pack(Describe(1, "train", 0))), framed(_pack(Boot("", SPEC, "")))),
    ),
    "a worker's answers": Boundary(worker_answer, (), (framed(_pack(SCORED)),)),
    "an improver's requests": Boundary(
        requests_of(improver_messages.Request),
        (RoleError, EOFError),
        tuple(
            framed(_pack(message))
            for message in (Ask(0), Tell(_EVALUATION), Known((b"x",)), Open("mutate", {}, _BRIEF, 0))
        ),
    ),
    "an improver's answers": Boundary(
        improver_answer,
        (RoleError,),
        (framed(_pack(Proposed(0, Proposal(PROGRAM, ("p",), "o", "n"), b"f"))), framed(_pack(Opened(b"x")))),
    ),
    "an event": Boundary(decoded, (StoreError,), tuple(encoded(record)[1] for record in _RECORDS)),
    "a stored text": Boundary(stored_text, (StoreError,), (zlib.compress(b"text"),)),
}
