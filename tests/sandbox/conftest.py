"""A lane for the tests: one zygote at tier A, shared, since every child of it is fresh."""

import socket
from collections.abc import Iterator

import pytest

from ryumon.sandbox import Sandbox, Tier, preflight, start_zygote


def lane(tier: Tier) -> Iterator[Sandbox]:
    """Starts a zygote, yields the worker's side, and ends the zygote by closing it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = start_zygote(theirs.fileno(), tier=tier, preload=["numpy"])
    with ours:
        yield Sandbox(ours)
    assert process.wait(10) == 0


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    found = preflight()
    if found.tier != "A":
        pytest.skip(f"tier A does not work here: {found.reasons}")
    yield from lane("A")


@pytest.fixture(scope="session")
def plain() -> Iterator[Sandbox]:
    yield from lane("C")
