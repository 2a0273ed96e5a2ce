"""Small tasks that tests write to disk, and runs of them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ryumon import supervisor
from ryumon.archive.summary import Summary
from ryumon.store import SqlStore

TOML = """
name = "tiny"
direction = "minimize"
summary = "A polynomial that comes close to a curve."
editable = ["fit.py"]
vocabulary = "arithmetic"
budget = "40ev"
[limits]
cpu_s = 1.0
[[stages]]
cases = 1
[[stages]]
cases = 2
keep = 0.7
"""
SEED = """
def fit(x):
    y = x * 0.5
    return y + 1.0
"""
TASK = """
import math
import random

from ryumon import Case, Result, Task
from ryumon.evaluation.claims import number


class Tiny(Task):
    def cases(self, split, seed):
        rng = random.Random(f"{split} {seed}")
        return [Case(f"{split}-{k}", [rng.uniform(-1, 1) for _ in range(4)]) for k in range(3)]

    def evaluate(self, program, case):
        errors = [abs(number(program.call("fit.py:fit", x)) - math.exp(x)) for x in case.data]
        return Result(score=sum(errors), metrics={"worst": max(errors)}, feedback=f"errors {errors}")
"""
DRIVERS = """
def answers(function, inputs):
    found = []
    for x in inputs:
        found.append(float(function(x)))
    return found
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[..., Path]:
    """Returns a maker of small task folders; what is not named keeps its working default."""

    return lambda **parts: write_task(tmp_path / "tiny", **parts)


def write_task(folder: Path, toml: str = TOML, seed: str = SEED, task: str = TASK, drivers: str | None = None) -> Path:
    """Writes a small task to `folder` and returns that."""
    (folder / "seed").mkdir(parents=True, exist_ok=True)
    (folder / "task.toml").write_text(toml)
    (folder / "seed" / "fit.py").write_text(seed)
    (folder / "task.py").write_text(task)
    (folder / "brief.md").write_text("Come close to the curve.\n")
    if drivers is not None:
        (folder / "drivers.py").write_text(drivers)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    """Returns a new store."""
    return SqlStore(tmp_path / "store")


def run_to_end(store: SqlStore, task: Path, **settings: Any) -> Summary:
    """Runs a task to its verdict at tier A."""
    chosen = supervisor.Settings(**{"workers": 1, "test_seed": 7, **settings})
    return asyncio.run(supervisor.start(store, str(task), chosen, "A", lambda history: None))
