"""Load balancing under heavy-tailed sizes: instances, and the slowdown recomputed from the claimed assignment."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task
from ryumon.tasks.suite.stratified import stratified

JOBS, SERVERS = 100, 3
LOAD, TAIL, LARGEST = 0.95, 1.1, 100.0
COUNTS: dict[Split, int] = {"train": 14, "validation": 40, "test": 120}
Floats = NDArray[np.float64]


class LoadBalancing(Task):
    """100 jobs for three equal servers; a few jobs are most of the work."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh jobs: when they arrive, and their sizes."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{k}", instance(rng)) for k in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the mean of log2 of the slowdown: (wait + size) / size."""
        arrivals, sizes = case.data
        claim = program.drive("drivers.py:assign", "policy.py:priority", arrivals, sizes, SERVERS)
        wait = waits(claim, arrivals, sizes)
        score = float(np.log2(1 + wait / sizes).mean())
        return Result(score, feedback=f"{np.mean(wait == 0):.0%} of the jobs did not wait")


def instance(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Returns arrivals at a load of .95, with exponential gaps, and sizes from a Pareto(1.1) bounded to 1..100."""
    share = 1 - LARGEST**-TAIL
    sizes = (1 - share * stratified(rng, JOBS)) ** (-1 / TAIL)
    gaps = -np.log1p(-stratified(rng, JOBS)) * sizes.mean() / (LOAD * SERVERS)
    return np.cumsum(gaps), sizes


def waits(claim: object, arrivals: Floats, sizes: Floats) -> Floats:
    """Returns how long each job waits; raises `InvalidClaim` unless every job has a server."""
    assignment = claims.array(claim, np.int64, (len(sizes),), "the assignment")
    if assignment.min() < 0 or assignment.max() >= SERVERS:
        raise claims.InvalidClaim(f"there is no server outside of 0..{SERVERS - 1}")
    free = [0.0] * SERVERS
    wait = np.empty(len(sizes))
    for job, (server, now, size) in enumerate(zip(assignment.tolist(), arrivals.tolist(), sizes.tolist(), strict=True)):
        wait[job] = max(free[server] - now, 0.0)
        free[server] = max(free[server], now) + size
    return wait
