"""Keys reach the supervisor alone: no process that it starts has one in its environment, no candidate finds one."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from ryumon.engines.local import LocalEngine
from ryumon.engines.messages import Evaluate, Evaluated
from ryumon.improvers.base import Brief
from ryumon.improvers.client import ImproverClient
from ryumon.improvers.messages import Open
from ryumon.program import Program
from ryumon.sandbox import Tier
from ryumon.task import read_task
from tests.conftest import SEED

Make = Callable[..., Path]
KEY = "k3y-of-the-supervisor-0123456789"
# Says 1.0 where the key is found anywhere that a candidate can look for it.
LOOKS = """
import os


def texts():
    yield repr(dict(os.environ))
    for place in ("self", "1", str(os.getppid())):
        for name in ("environ", "cmdline"):
            try:
                yield open(f"/proc/{place}/{name}", "rb").read().decode("utf-8", "replace")
            except OSError:
                pass


def fit(x):
    return float(any("of-the-supervisor" in text for text in texts()))
"""
TASK = """
from ryumon import Case, Result, Task
from ryumon.evaluation.claims import number


class Looks(Task):
    def cases(self, split, seed):
        return [Case("one")]

    def evaluate(self, program, case):
        import os

        mine = any("of-the-supervisor" in value for value in os.environ.values())
        return Result(score=number(program.call("fit.py:fit", 0.0)) + 2.0 * mine)
"""


def descendants() -> set[int]:
    """Returns the processes that descend from this one."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    import os

    found = {os.getpid()}
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return found - {os.getpid()}


@pytest.mark.parametrize("tier", ["A", "B", "C"])
@pytest.mark.usefixtures("confined")
def test_no_role_and_no_candidate_has_a_key(tiny: Make, monkeypatch: pytest.MonkeyPatch, tier: Tier) -> None:
    monkeypatch.setenv("SOME_API_KEY", KEY)
    monkeypatch.setenv("UNRELATED", KEY)
    task = read_task(tiny(seed=SEED, task=TASK, toml='name = "l"\ndirection = "minimize"\neditable = ["fit.py"]\n'))
    brief = Brief(
        task="l", direction="minimize", text="", language="python", editable=("fit.py",), vocabulary="arithmetic",
        seed=task.seed,
    )  # fmt: skip

    async def inside() -> tuple[float, int]:
        engine = LocalEngine(task, tier, 1)
        improver = await ImproverClient.start(Open("mutate", {}, brief, 0), tier)
        try:
            request = Evaluate(id=0, files=Program({"fit.py": LOOKS}).files, split="train", seed=0, cases=(0,))
            answer = await engine.ask(request)
            assert isinstance(answer, Evaluated)
            assert answer.status == "ok", answer.reason
            roles = descendants()
            for pid in roles:
                with suppress(ProcessLookupError):  # a child that has just been closed
                    environment = Path(f"/proc/{pid}/environ").read_bytes()
                    assert KEY.encode() not in environment, Path(f"/proc/{pid}/cmdline").read_bytes()
            return answer.results[0].score, len(roles)
        finally:
            improver.close()
            engine.close()

    score, count = asyncio.run(inside())
    assert score == 0.0
    assert count >= 3  # improver, worker, zygote
