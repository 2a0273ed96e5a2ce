"""Which heuristic is the reference of each family, and what it scores."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.references import formulas, online, packing, scheduling, tours
from benchmarks.references.direct import Direct, module
from numpy.typing import NDArray

from ryumon.task import Split, Task, read_task
from ryumon.tasks.suite import Family

Make = Callable[[Path], Direct]


def rule(function: Callable[..., Any]) -> Make:
    """Returns what answers with a rule for which the family's own driver asks."""
    return lambda folder: Direct(folder, function=function)


def solver(function: Callable[..., Any]) -> Make:
    """Returns what takes a driver's arguments and makes its claim, which no rule has to be able to."""
    return lambda folder: Direct(folder, solver=function)


REFERENCES: Mapping[str, Make | float] = {
    "online-packing": rule(packing.funsearch_or),
    "bandits": solver(online.discounted_ucb),
    "optimisers": rule(scheduling.rmsprop),
    "cache-replacement": solver(online.farthest_next_use),
    "knapsack": solver(packing.exchanged),
    "symbolic-regression": rule(formulas.hidden_law),
    "tardiness": rule(scheduling.cost_over_time),
    "image-prediction": rule(formulas.median_edge),
    "comparator": rule(formulas.comparator),
    "tour-construction": solver(tours.farthest_insertion),
    "sorting-networks": 0.0,  # the smallest network, whatever it begins with
    "load-balancing": solver(online.by_size),
}


# `suite.toml` states the means over the test cases of these seeds.
FIGURE_SEEDS = (0, 1, 2, 3)


@cache
def task_of(family: Family) -> Task:
    """Returns the family's task, as its worker would load it."""
    found = [value for value in vars(module(family.folder / "task.py")).values() if _is_task(value)]
    assert len(found) == 1
    task: Task = found[0]()
    return task


def _is_task(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Task) and value is not Task


def seed_of(family: Family) -> Direct:
    """Returns the family's seed program."""
    spec = read_task(family.folder).spec
    functions = vars(module(family.folder / "seed" / spec.editable[0])).values()
    (function,) = (value for value in functions if callable(value) and value.__module__.startswith("direct_"))
    return Direct(family.folder, function=function)


def reference_of(family: Family) -> Direct | float:
    """Returns the family's reference: a program, a solver, or a bound on every score."""
    made = REFERENCES[family.name]
    return made if isinstance(made, float) else made(family.folder)


def scores(family: Family, program: Direct | float, seed: int, split: Split = "test") -> NDArray[np.float64]:
    """Returns the score of each case of a split."""
    task = task_of(family)
    cases = task.cases(split, seed)
    if isinstance(program, float):
        return np.full(len(cases), program)
    return np.array([task.evaluate(program, case).score for case in cases])
