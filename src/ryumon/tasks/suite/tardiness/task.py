"""Weighted tardiness in small job shops: instances, and the tardiness recomputed from the claimed schedule."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task
from ryumon.tasks.suite.stratified import stratified

JOBS, MACHINES = 12, 4
COUNTS: dict[Split, int] = {"train": 18, "validation": 40, "test": 100}
Ints = NDArray[np.int64]
Instance = tuple[Ints, Ints, Ints, Ints]


class Tardiness(Task):
    """Twelve jobs on four machines, with due dates and weights; all jobs are there at the start."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh instances."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{k}", instance(rng)) for k in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the weighted mean tardiness, in mean durations of a job."""
        ends = completion(program.drive("drivers.py:dispatch", "rule.py:priority", *case.data), case.data)
        _, durations, due, weights = case.data
        late = np.maximum(ends - due, 0)
        score = float((weights * late).sum() / weights.sum() / durations.sum(axis=1).mean())
        return Result(score, feedback=f"{np.mean(late > 0):.0%} of the jobs are late")


def instance(rng: np.random.Generator) -> Instance:
    """Returns routes through all machines, durations U(1, 50), due dates and weights 1, 2 or 4."""
    routes = rng.permuted(np.tile(np.arange(MACHINES, dtype=np.int64), (JOBS, 1)), axis=1)
    durations = 1 + (50 * stratified(rng, JOBS * MACHINES)).astype(np.int64).reshape(JOBS, MACHINES)
    due = (durations.sum(axis=1) * (1 + 1.5 * stratified(rng, JOBS))).astype(np.int64)
    return routes, durations, due, rng.permutation(np.repeat(np.array([1, 2, 4]), (2, 8, 2)))


def completion(claim: object, data: Instance) -> Ints:
    """Returns when each job ends, int64[jobs]; raises `InvalidClaim` unless the claim is a schedule."""
    machines, durations, _, _ = data
    starts = claims.array(claim, np.int64, machines.shape, "the schedule")
    if starts.min() < 0 or starts.max() > durations.sum():
        raise claims.InvalidClaim(f"the schedule starts an operation outside of 0..{durations.sum()}")
    ends = starts + durations
    if (starts[:, 1:] < ends[:, :-1]).any():
        raise claims.InvalidClaim("an operation starts before the one before it has ended")
    for machine in range(MACHINES):
        order = np.argsort(starts[machines == machine], kind="stable")
        if (starts[machines == machine][order][1:] < ends[machines == machine][order][:-1]).any():
            raise claims.InvalidClaim(f"machine {machine} runs two operations at once")
    return ends[:, -1]
