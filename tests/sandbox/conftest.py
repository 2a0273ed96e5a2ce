"""A lane for the tests: one zygote at tier A, shared, since every child of it is fresh."""

import socket
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import pytest

from ryumon.sandbox import CandidateFailure, Ending, Sandbox, Tier, start_zygote
from ryumon.sandbox.preflight import tried
from ryumon.task import Limits

# Before every candidate of `ask` and `fail`: says whether an attempt was refused, and how.
_PREAMBLE = """
import errno, os
def refused(attempt, *args):
    try:
        attempt(*args)
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)
    return "allowed"
"""


def lane(tier: Tier, most: Sequence[Limits] = ()) -> Iterator[Sandbox]:
    """Starts a zygote, yields the worker's side, and ends the zygote by closing it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = start_zygote(theirs.fileno(), tier=tier, preload=["numpy"], most=most)
    with ours:
        yield Sandbox(ours)
    assert process.wait(10) == 0


def require_tier_a() -> None:
    """Skips where this machine has no tier A."""
    require("A")


def require(tier: Tier) -> None:
    """Skips where this machine has no such tier; fails where it starts and then lets something through."""
    reasons = _tried(tier)
    assert not [reason for reason in reasons if "probe" in reason]
    if reasons:
        pytest.skip(f"tier {tier} does not work here: {'; '.join(reasons)}")


@cache
def _tried(tier: Tier) -> tuple[str, ...]:
    return tried(tier)


@pytest.fixture(scope="session")
def confined() -> None:
    require_tier_a()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    require_tier_a()
    yield from lane("A")


@pytest.fixture(scope="session")
def plain() -> Iterator[Sandbox]:
    yield from lane("C")


@pytest.fixture
def ask(sandbox: Sandbox) -> Callable[..., Any]:
    """Asks a one-file candidate one question, in a fresh child: returns what `main(*args)` of `source` claims."""

    def asked(source: str, *args: Any, limits: Limits | None = None) -> Any:
        with sandbox.open({"main.py": _PREAMBLE + textwrap.dedent(source)}, limits or Limits()) as child:
            return child.call("main.py:main", args).value

    return asked


@pytest.fixture
def fail(sandbox: Sandbox) -> Callable[..., tuple[CandidateFailure, Ending]]:
    """Returns how a call of `main(*args)` of `source` failed, and how its child ended."""

    def failed(source: str, *args: Any, limits: Limits | None = None) -> tuple[CandidateFailure, Ending]:
        child = sandbox.open({"main.py": _PREAMBLE + textwrap.dedent(source)}, limits or Limits())
        with pytest.raises(CandidateFailure) as caught:
            child.call("main.py:main", args)
        return caught.value, child.close()

    return failed
