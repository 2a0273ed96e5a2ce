"""A candidate that was killed from outside is run again; one that is killed each time is at fault."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from ryumon.engines.local import LocalEngine
from ryumon.evaluation.evaluator import Evaluator, Measured
from ryumon.program import Program
from ryumon.task import read_task
from tests.faults.session import below, children_of_zygotes

Make = Callable[..., Path]
SLEEPS = "import time\n\n\ndef fit(x):\n    time.sleep(0.05)\n    return x\n"


def measured_while(folder: Path, text: str, most: int) -> tuple[Measured, int]:
    """Returns how a program measures while up to `most` of its children are killed as they call, and how many were."""

    async def killing() -> int:
        killed: set[int] = set()
        while len(killed) < most:
            await asyncio.sleep(0.005)
            for child in set(children_of_zygotes(below(os.getpid()))) - killed:
                await asyncio.sleep(0.03)  # so that it is set up, and at its first call
                os.kill(child, signal.SIGKILL)
                killed.add(child)
                break
        return len(killed)

    async def inside() -> tuple[Measured, int]:
        engine = LocalEngine(read_task(folder), "A", 1)
        evaluator = Evaluator(engine, read_task(folder), 0)
        try:
            await evaluator.case_ids("train", 0)
            async with asyncio.TaskGroup() as group:
                hunt = group.create_task(killing())
                found = await evaluator.read(Program({"fit.py": text}), "train", 0)
                hunt.cancel()
            return found, hunt.result() if not hunt.cancelled() else most
        finally:
            engine.close()

    return asyncio.run(inside())


def test_a_child_killed_once_from_outside_costs_its_program_nothing(tiny: Make) -> None:
    found, killed = measured_while(tiny(), SLEEPS, 1)
    assert (found.status, killed) == ("ok", 1)


def test_a_child_killed_each_time_is_the_programs_failure(tiny: Make) -> None:
    found, _ = measured_while(tiny(), SLEEPS, 1000)
    assert found.status == "killed"
    assert "SIGKILL" in found.reason
