"""What an evaluation gave, how two scores compare, and whether a champion is better than its seed.

Scores stay in the task's own direction and unit; nothing is negated. This module does not run anything.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from ryumon.program import Program

Direction = Literal["minimize", "maximize"]
Verdict = Literal["improved", "no evidence", "regressed"]

Status = Literal[
    "ok",  # every case ran and scored
    "dropped",  # an early stage was hopeless; later stages never ran
    "twin",  # behaved on the first stage exactly as an earlier program did; later stages never ran
    "error",  # the candidate raised, or could not be loaded
    "cpu_limit",
    "wall_limit",
    "memory_limit",
    "killed",  # the candidate's process ended before it answered
    "invalid",  # the answer was non-finite, wrong-typed, misshapen or too long
    "evaluator_error",  # the task's own code raised, or its score was not finite
    "evaluator_timeout",
    "nondeterministic",  # repeats of the strict path differ
    "cheating",  # the fast and the strict path differ, repeatedly
    "barred",  # its parent was barred before it was evaluated
    "duplicate",  # equal in normal form to an earlier proposal; not evaluated, not counted
    "no_program",  # the improver made no program; not evaluated, not counted
]
UNCOUNTED: frozenset[Status] = frozenset({"duplicate", "no_program"})


class Result(msgspec.Struct, frozen=True):
    """What a task's evaluator says of one case: a finite score, further figures, and words for the improver."""

    score: float
    metrics: dict[str, float] = {}
    feedback: str = ""


class CaseResult(msgspec.Struct, frozen=True):
    """A `Result` with the id of its case."""

    case: str
    score: float
    metrics: dict[str, float] = {}
    feedback: str = ""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What running a program on the `train` cases gave: all that an improver is told, and no measured time.

    `index` is the number of the ask that proposed it, -1 for the seed. `score` is the mean over all cases, None
    unless `status` is `ok`. `cases` holds what ran, in order. `twin` is the id of the earlier program that a `twin`
    behaves as. `barred` names earlier programs that confirmation has just barred from parenthood.
    """

    index: int
    program: Program | None
    parents: tuple[str, ...] = ()
    operator: str = ""
    status: Status
    score: float | None = None
    cases: tuple[CaseResult, ...] = ()
    reason: str = ""
    log: str = ""
    twin: str | None = None
    barred: tuple[str, ...] = ()


def better(direction: Direction, a: float, b: float) -> bool:
    """Returns whether score `a` is strictly better than score `b`."""
    return a < b if direction == "minimize" else a > b


def mean_score(results: Sequence[CaseResult]) -> float:
    """Returns a program's score: the mean over its cases."""
    return float(np.mean([result.score for result in results]))


class Comparison(msgspec.Struct, frozen=True):
    """Champion against seed on the same cases. `difference` is champion minus seed, in the task's unit.

    `ci95` is None for a task with one exact case.
    """

    verdict: Verdict
    difference: float
    ci95: tuple[float, float] | None


def compare(
    direction: Direction, champion: Sequence[float], seed: Sequence[float], rng_seed: int, resamples: int = 10_000
) -> Comparison:
    """Returns the paired percentile-bootstrap comparison (Efron 1979) of two score vectors over the same cases, 95 %.

    A single case is compared exactly. `rng_seed` fixes the resampling, so that anyone can rerun it.
    """
    deltas = np.asarray(champion, dtype=float) - np.asarray(seed, dtype=float)
    difference = float(deltas.mean())
    if len(deltas) == 1:
        interval, low, high = None, difference, difference
    else:
        rng = np.random.default_rng(rng_seed)
        means = deltas[rng.integers(0, len(deltas), (resamples, len(deltas)))].mean(axis=1)
        low, high = (float(bound) for bound in np.percentile(means, (2.5, 97.5)))
        interval = (low, high)
    if not low <= 0 <= high:
        return Comparison("improved" if better(direction, difference, 0.0) else "regressed", difference, interval)
    return Comparison("no evidence", difference, interval)
