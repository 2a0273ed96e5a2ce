"""Whatever bytes arrive where one role hears another: a message that may stand, or the declared error; never a score
that was not earned, and never more memory than the place allows."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ryumon.engines.messages import Answer, Described, Evaluated, Refused, misfit
from ryumon.errors import RoleError
from ryumon.improvers.client import MOST_BYTES
from ryumon.sandbox import CandidateFailure
from ryumon.sandbox.guest import messages as guest
from ryumon.score import CaseResult
from ryumon.wire import MAX_FRAME
from tests.boundaries import BOUNDARIES, EVALUATE, SCORED, child_stream, framed, worker_answer, zygote_report

_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.text(max_size=9), st.binary(max_size=9)
)
_EXTENSIONS = st.builds(msgspec.msgpack.Ext, st.integers(-128, 127), st.binary(max_size=20))
_STRUCTURES = st.recursive(
    _SCALARS | _EXTENSIONS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
    max_leaves=15,
).map(msgspec.msgpack.encode)


@st.composite
def damaged(draw: st.DrawFn, messages: tuple[bytes, ...]) -> bytes:
    """Draws an honest message with a few bytes replaced, dropped or added, cut short or followed by more."""
    message = bytearray(draw(st.sampled_from(messages)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(message)))
        message[start : start + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(message)


def hostile(messages: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """Draws bytes of any kind, in a frame or bare."""
    bare = st.binary(max_size=100) | _STRUCTURES | damaged(messages)
    return bare | bare.map(framed) | damaged(tuple(framed(message) for message in messages))


@pytest.mark.parametrize("name", BOUNDARIES)
def test_honest_messages_are_taken(name: str) -> None:
    boundary = BOUNDARIES[name]
    taken = 0
    for message in boundary.honest:
        try:
            boundary.hear(message)
            taken += 1
        except boundary.errors:
            continue
    assert taken >= (0 if name == "a stored text" else 1)


@pytest.mark.parametrize("name", BOUNDARIES)
def test_any_bytes_are_a_message_or_the_declared_error(name: str) -> None:
    boundary = BOUNDARIES[name]

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(hostile(boundary.honest))
    def holds(data: bytes) -> None:
        with suppress(*boundary.errors):
            boundary.hear(data)

    holds()


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(hostile(BOUNDARIES["a child's stream"].honest))
def test_no_bytes_without_the_nonce_are_a_claim(data: bytes) -> None:
    with pytest.raises(CandidateFailure):
        child_stream(data.replace(b"nonce678", b"another1"))


WRONG: dict[str, Answer] = {
    "an echo of no probe": Evaluated(id=1, status="echo"),
    "another number": msgspec.structs.replace(SCORED, id=2),
    "another kind": Described(1, ("a", "b")),
    "a case too few": msgspec.structs.replace(SCORED, results=SCORED.results[:1], behaviours=(b"x",)),
    "a case too many": msgspec.structs.replace(SCORED, results=SCORED.results * 2, behaviours=(b"x",) * 4),
    "no claims": msgspec.structs.replace(SCORED, behaviours=()),
    "NaN": msgspec.structs.replace(SCORED, results=(CaseResult("a", float("nan")), CaseResult("b", 1.0))),
    "infinity": msgspec.structs.replace(SCORED, results=(CaseResult("a", float("inf")), CaseResult("b", 1.0))),
    "no time at all": msgspec.structs.replace(SCORED, cpu_s=float("nan")),
    "time to come": msgspec.structs.replace(SCORED, cpu_s=-1.0),
    "all scored, and failed": msgspec.structs.replace(SCORED, status="error"),
    "a word that is the supervisor's": Evaluated(id=1, status="duplicate"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_workers_answer_that_does_not_fit_the_request_is_no_answer(what: str) -> None:
    assert misfit(EVALUATE, WRONG[what])
    worker_answer(framed(msgspec.msgpack.encode(WRONG[what])))  # as the lane takes it: a failure, which it asserts
    assert not misfit(EVALUATE, SCORED)
    assert not misfit(EVALUATE, Refused(1, "broken"))
    assert not misfit(EVALUATE, Evaluated(id=1, status="error", results=SCORED.results[:1], behaviours=(b"x",)))


REPORT = guest.Ended(1, "exit", 0, 0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    "reports",
    [
        [msgspec.structs.replace(REPORT, cpu_s=float("nan"))],
        [msgspec.structs.replace(REPORT, cpu_s=-1.0)],
        [msgspec.structs.replace(REPORT, id=2), REPORT],
    ],
    ids=["no time at all", "time to come", "a child that does not run"],
)
def test_a_report_that_cannot_be_true_ends_the_lane(reports: list[guest.Ended]) -> None:
    with pytest.raises(RoleError, match="that does not run"):
        zygote_report(*map(msgspec.msgpack.encode, reports))


def test_a_frame_over_its_limit_is_refused_by_its_length() -> None:
    for name, length in (("a worker's requests", MAX_FRAME + 1), ("an improver's answers", MOST_BYTES + 1)):
        with pytest.raises(RoleError, match="over the limit"):
            BOUNDARIES[name].hear(length.to_bytes(4, "big"))


# Reads every boundary's worst messages with no more address space left than the cap; an error that is not declared,
# `MemoryError` above all, ends it with another exit code and the boundary's name.
CAPPED = """
import gc, resource, sys, threading, zlib
from tests.boundaries import BOUNDARIES, framed
threading.stack_size(1 << 18)
cap, many = int(sys.argv[1]) << 20, 1 << 17
worst = [
    bytes(many),
    b"\\xff" * many,
    b"\\x90" * many,
    b"\\xdd" + many.to_bytes(4, "big") + b"\\x90" * many,
    b"\\xdd" + many.to_bytes(4, "big") + b"\\x80" * many,
    b"\\xdd\\x00\\x01\\x80\\x00" * 200 + b"\\xc0" * many,
    b"\\xdd\\x7f\\xff\\xff\\xff" * 1000,
    b"\\xdf\\x7f\\xff\\xff\\xff" * 1000,
    b"\\x91" * many + b"\\xc0",
    b"\\x81\\xa1a" * many + b"\\xc0",
    b"\\xc6\\x7f\\xff\\xff\\xff",
    b"\\xdb\\x7f\\xff\\xff\\xff",
    b"\\xc9\\x7f\\xff\\xff\\xff\\x01",
    zlib.compress(bytes(1 << 28)),
]


def heard(boundary, data):
    try:
        boundary.hear(data)
    except boundary.errors:
        pass


for name, boundary in BOUNDARIES.items():
    print(name, file=sys.stderr)
    # A list, a map or a text in place of whatever an honest message has, each claiming more than there is.
    heads = (b"\\xdd\\x00\\x0f\\x00\\x00", b"\\xdf\\x00\\x07\\x00\\x00", b"\\xdd\\x7f\\xff\\xff\\xff")
    tagged = [
        honest[:start] + head + honest[start:] + b"\\xc0" * 4096
        for honest in boundary.honest for start in range(len(honest)) for head in heads
    ]
    for honest in boundary.honest:
        heard(boundary, honest)
        # One part more than is known, and that one deeper than any reader goes.
        for start in range(5):
            more = bytes([(honest[start] + 1) % 256]) + honest[start + 1 :]
            tagged += [honest[:start] + more + key + b"\\x91" * 3000 + b"\\xc0" for key in (b"", b"\\xa1z")]
    gc.collect()
    held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + cap, resource.RLIM_INFINITY))
    for data in worst + tagged[:: max(1, len(tagged) // 60)]:
        for form in (data, framed(data), framed(data[4:]), b"\\x7f\\xff\\xff\\xff" + data[:100]):
            heard(boundary, form)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""
# Above what the process holds. An empty map takes one byte to send and 72 to keep, so a claim of 128 kB takes 9 MiB.
CAP_MB = 30


def test_no_message_takes_more_memory_than_its_place_allows() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CAPPED, str(CAP_MB)]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
