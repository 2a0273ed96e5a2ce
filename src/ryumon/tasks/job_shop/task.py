"""Job-shop dispatching: instances, and the score recomputed from the claimed schedule."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task
from ryumon.tasks.job_shop.published import OPTIMA, Instance, published

SHAPES = ((10, 10), (15, 10), (20, 10), (15, 15))  # jobs, machines
COUNTS: dict[Split, int] = {"train": 12, "validation": 20, "test": 40}


class JobShop(Task):
    """A rule chooses among the operations that compete for a machine; the schedule is as long as its last operation."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh instances of each shape in turn; for `test` also the published ones."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        cases = []
        for index in range(COUNTS[split]):
            jobs, machines = SHAPES[index % len(SHAPES)]
            cases.append(Case(f"{split}-{index}-{jobs}x{machines}", instance(rng, jobs, machines)))
        return cases + ([Case(name, data) for name, data in published().items()] if split == "test" else [])

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the makespan's excess over the lower bound."""
        machines, durations = case.data
        span = makespan(program.drive("drivers.py:dispatch", "rule.py:priority", machines, durations), case.data)
        bound = lower_bound(case.data)
        metrics = {"makespan": float(span), "lower_bound": float(bound)}
        if case.id in OPTIMA:
            metrics["over_optimum"] = span / OPTIMA[case.id] - 1
        jobs, operations = machines.shape
        feedback = f"{jobs} jobs of {operations} operations: makespan {span}, lower bound {bound}"
        return Result(score=span / bound - 1, metrics=metrics, feedback=feedback)


def instance(rng: np.random.Generator, jobs: int, machines: int) -> Instance:
    """Returns a random instance after Taillard (1993): durations U(1, 99), each job visits every machine once."""
    routes = rng.permuted(np.tile(np.arange(machines, dtype=np.int64), (jobs, 1)), axis=1)
    return routes, rng.integers(1, 100, (jobs, machines))


def lower_bound(data: Instance) -> int:
    """Returns the longest job or the load of the busiest machine, whichever is more: no schedule is shorter."""
    machines, durations = data
    load = np.zeros(int(machines.max()) + 1, np.int64)
    np.add.at(load, machines, durations)
    return int(max(load.max(), durations.sum(axis=1).max()))


def makespan(claim: object, data: Instance) -> int:
    """Returns the end of a claimed schedule's last operation; raises `InvalidClaim` unless it is a schedule.

    Each job's operations run in order, and a machine runs one operation at a time.
    """
    machines, durations = data
    starts = claims.array(claim, np.int64, machines.shape, "the schedule")
    if starts.min() < 0 or starts.max() > durations.sum():
        raise claims.InvalidClaim(f"the schedule starts an operation outside of 0..{durations.sum()}")
    ends = starts + durations
    early = np.argwhere(starts[:, 1:] < ends[:, :-1])
    if len(early):
        job, place = early[0].tolist()
        raise claims.InvalidClaim(f"job {job} starts operation {place + 1} before its operation {place} has ended")
    for machine in np.unique(machines):
        _check_machine(int(machine), starts[machines == machine], ends[machines == machine])
    return int(ends.max())


def _check_machine(machine: int, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
    order = np.argsort(starts, kind="stable")
    if (starts[order][1:] < ends[order][:-1]).any():
        raise claims.InvalidClaim(f"machine {machine} runs two operations at once")
