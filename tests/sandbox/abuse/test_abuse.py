"""No abuse wins, from any lane; and each wins where its defences are off, so that its defeat means something."""

import os

import msgspec
import pytest

from ryumon.sandbox import Tier, allows_processes
from tests.sandbox.abuse import on_answers, on_files, on_limits, on_reach
from tests.sandbox.abuse.abuse import HONEST, Abuse
from tests.sandbox.abuse.lanes import Beaten, Lane, User, attack
from tests.sandbox.abuse.world import World
from tests.sandbox.conftest import require

ABUSES = (*on_files.ABUSES, *on_reach.ABUSES, *on_limits.ABUSES, *on_answers.ABUSES)


LANES: tuple[tuple[Tier, User], ...] = (
    ("A", "root"),
    ("A", "ordinary"),
    ("B", "root"),
    ("B", "ordinary"),
    ("V", "root"),
)


@pytest.mark.parametrize(
    ("lane", "abuse", "processes"),
    [
        pytest.param((tier, user), abuse, many, id=f"{abuse.name}, {tier}-{user}, {many} processes")
        for tier, user in LANES
        for abuse in ABUSES
        for many in abuse.processes
        if many == 1 or allows_processes(tier)
    ],
    indirect=["lane"],
)
def test_no_abuse_wins(lane: Lane, world: World, abuse: Abuse, processes: int) -> None:
    limits = msgspec.structs.replace(abuse.limits, processes=processes)
    outcome = attack(lane, world, abuse, limits)
    assert not abuse.won(outcome, limits), outcome
    assert (outcome.broke, outcome.left, outcome.touched, outcome.received) == ("", 0, (), ())
    assert outcome.sibling == "alive"
    assert abuse.then or outcome.neighbour == HONEST


@pytest.mark.parametrize(
    ("abuse", "tier"),
    [pytest.param(abuse, tier, id=f"{abuse.name}, {tier}-weakened") for abuse in ABUSES for tier in abuse.off],
)
def test_it_wins_where_its_defences_are_off(beaten: Beaten, world: World, abuse: Abuse, tier: Tier) -> None:
    require(tier)
    off = abuse.off[tier]
    if "ordinary user" in off and os.geteuid() != 0:
        pytest.skip("a lane that keeps root takes root")
    if (why := abuse.unless()) is not None:
        pytest.skip(why)
    limits = msgspec.structs.replace(abuse.limits, processes=abuse.processes[0])
    outcome = attack(beaten.lane(tier, off), world, abuse, limits)
    assert abuse.won(outcome, limits), outcome
