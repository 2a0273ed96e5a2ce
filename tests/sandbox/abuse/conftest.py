"""Shared by all abuses: what they attack, and the lanes they attack it from."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.sandbox.abuse.lanes import Beaten, Lane
from tests.sandbox.abuse.world import World
from tests.sandbox.conftest import require


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    found = World()
    yield found
    found.close()


@pytest.fixture(scope="session")
def lane(request: pytest.FixtureRequest, world: World) -> Iterator[Lane]:
    tier, user = request.param
    require(tier)
    if os.geteuid() != 0 and user == "root":
        pytest.skip("lanes of root's take root; those of an ordinary user run")
    if os.geteuid() == 0 and user == "ordinary" and not shutil.which("setpriv"):
        pytest.skip("becoming an ordinary user takes setpriv")
    found = Lane(world, tier, user)
    yield found
    found.close()


@pytest.fixture(scope="session")
def beaten(world: World) -> Iterator[Beaten]:
    if not shutil.which("unshare"):
        pytest.skip("without unshare there is nowhere to switch a defence off safely")
    found = Beaten(world)
    yield found
    found.close()
