"""A lane that breaks is started afresh; what is no program's doing ends a run, and never an evaluation."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from ryumon.engines.local import ATTEMPTS, Lane
from ryumon.engines.messages import Answer, Evaluate, Evaluated, Request, Seen, Unable
from ryumon.errors import RoleError, RoleGone
from ryumon.task import read_task

Make = Callable[..., Path]
REQUEST = Evaluate(id=0, files={"fit.py": ""}, split="train", seed=0, cases=(0,))


class PlayedLane(Lane):
    """A lane that needs no processes: `play` answers the n-th attempt, from 1, or raises."""

    def __init__(self, folder: Path, play: Callable[[int], Answer]) -> None:
        super().__init__(read_task(folder), "A", None)
        self.attempts, self._play = 0, play

    async def _ready(self) -> None:
        self.attempts += 1

    async def _exchange(self, request: Request, seen: Seen | None) -> Answer:
        return self._play(self.attempts)


def asked(lane: Lane) -> Answer:
    """Returns what a lane answers."""
    try:
        return asyncio.run(lane.ask(REQUEST))
    finally:
        lane.close()


def breaking(until: int) -> Callable[[int], Answer]:
    """Returns what breaks a lane until some attempt, and is answered then."""

    def play(attempt: int) -> Answer:
        if attempt < until:
            raise RoleGone("the other process is gone")
        return Evaluated(id=1, status="error")

    return play


def test_a_request_that_breaks_its_lane_is_asked_again_before_it_is_blamed(tiny: Make) -> None:
    for until in range(1, ATTEMPTS + 1):
        answer = asked(lane := PlayedLane(tiny(), breaking(until)))
        assert (getattr(answer, "status", None), lane.attempts) == ("error", until)
    answer = asked(lane := PlayedLane(tiny(), breaking(ATTEMPTS + 1)))
    assert (getattr(answer, "status", None), lane.attempts) == ("evaluator_error", ATTEMPTS)


def test_a_sandbox_that_cannot_be_set_up_ends_the_run_and_blames_no_program(tiny: Make) -> None:
    lane = PlayedLane(tiny(), lambda attempt: Unable(1, "a child could not be set up"))
    with pytest.raises(RoleError, match=r"could not be set up.*resume"):
        asked(lane)
    assert lane.attempts == ATTEMPTS


def test_a_lane_that_cannot_start_ends_the_run_and_blames_no_program(
    tiny: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ryumon.engines.local.start_zygote", no_room)
    with pytest.raises(RoleError, match=r"No space left.*resume"):
        asked(Lane(read_task(tiny()), "A", None))
