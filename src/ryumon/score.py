"""What an evaluation gave, how two scores compare, and whether a champion is better than its seed.

Scores stay in the task's own direction and unit; nothing is negated. This module does not run anything.
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ryumon.program import Program

Direction = Literal["minimize", "maximize"]
Verdict = Literal["improved", "no evidence", "regressed"]
Scores = Sequence[Sequence[float]]  # of a noisy task: by repeat, then by case
LEAST_CASES = 6
_STUDENT_FEW = (12.7062, 4.3027, 3.1824, 2.7764)  # the .975 points of Student's t for 1 to 4 degrees of freedom
RESAMPLES = 10_000
FAR = 1e6  # stands for the t of a resample whose values are all equal

Status = Literal[
    "ok",  # every case ran and scored
    "dropped",  # an early stage was hopeless; later stages never ran
    "twin",  # behaved on the first stage exactly as an earlier program did; later stages, if any, never ran
    "error",  # the candidate raised, or could not be loaded
    "cpu_limit",
    "wall_limit",
    "memory_limit",
    "killed",  # the candidate's process ended before it answered
    "invalid",  # the answer was non-finite, wrong-typed, misshapen or too long
    "evaluator_error",  # the task's own code raised, or its score was not finite
    "evaluator_timeout",
    "nondeterministic",  # repeats differ
    "unconfirmed",  # the strict path came to no answer within its limits
    "cheating",  # the fast and the strict path differ, repeatedly
    "barred",  # its parent was barred before it was evaluated
    "echo",  # claimed on the probe exactly what an earlier program did; nothing else ran, not counted
    "duplicate",  # equal in normal form to an earlier proposal; not evaluated, not counted
    "no_program",  # the improver made no program; not evaluated, not counted
]
RAN: frozenset[Status] = frozenset({"ok", "dropped", "twin", "echo"})  # as far as it was asked to
UNEVALUATED: frozenset[Status] = frozenset({"duplicate", "no_program"})
UNCOUNTED: frozenset[Status] = UNEVALUATED | {"echo"}


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
    or an `echo` behaves as. `barred` names earlier programs that confirmation has just barred from parenthood.
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

    def outline(self) -> "Outline":
        """Returns the evaluation in brief."""
        program = self.program
        return Outline(
            index=self.index,
            id=program.id if program is not None else None,
            parents=self.parents,
            operator=self.operator,
            status=self.status,
            score=self.score,
            size=program.size if program is not None else 0,
            twin=self.twin,
            barred=self.barred,
        )


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """An `Evaluation` in brief, with the program's id and size for the program: no texts, no answers, no words.

    It is what a lineage and a standing need, and small enough to be told again for a million programs.
    """

    index: int
    id: str | None
    parents: tuple[str, ...] = ()
    operator: str = ""
    status: Status
    score: float | None = None
    size: int = 0
    twin: str | None = None
    barred: tuple[str, ...] = ()


def better(direction: Direction, a: float, b: float) -> bool:
    """Returns whether score `a` is strictly better than score `b`."""
    return a < b if direction == "minimize" else a > b


def mean_score(results: Sequence[CaseResult]) -> float:
    """Returns a program's score: the mean over its cases."""
    return float(np.mean([result.score for result in results]))


def noise_floor(scores: Scores) -> float:
    """Returns the standard deviation of one program's mean score from repeat to repeat, in the task's unit."""
    return float(np.std([np.mean(row) for row in scores], ddof=1))


class Comparison(msgspec.Struct, frozen=True):
    """Champion against seed on the same cases. `difference` is champion minus seed, in the task's unit.

    `ci95` is None for an exact task, and for a single case.
    """

    verdict: Verdict
    difference: float
    ci95: tuple[float, float] | None


def compare(
    direction: Direction,
    champion: Sequence[float],
    seed: Sequence[float],
    rng_seed: int,
    *,
    exact: bool = False,
    readings: int = 1,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Returns the paired comparison of two score vectors over the same cases.

    Exact where the task is. Else by a 95 % interval of the mean difference, the wider to each side of the paired
    bootstrap-t (Efron and Tibshirani 1993, "An Introduction to the Bootstrap", section 12.5) and Student's t: with
    equal programs each alone errs up to 12 % of the time, on sparse and on skewed differences, where the other holds;
    the plain percentile bootstrap errs 14 % at six cases. `rng_seed` fixes the resampling. Fewer than six cases are
    never evidence: with five, even unanimous signs have a chance of 1 in 16. Where test is read for the n-th time, the
    verdict shares its 5 % among the n `readings` (Bonferroni); `ci95` stays at 95 %.
    """
    deltas = np.asarray(champion, dtype=float) - np.asarray(seed, dtype=float)
    difference = float(deltas.mean())
    if exact:
        return Comparison(_named(direction, difference, difference, difference), difference, None)
    if len(deltas) < 2 or not np.isfinite(deltas).all():
        return Comparison("no evidence", difference, None)
    ci95 = mean_interval(deltas, rng_seed, resamples)
    if len(deltas) < LEAST_CASES:
        return Comparison("no evidence", difference, ci95)
    wide = _interval(deltas, rng_seed, resamples, 0.025 / readings)
    return Comparison(_named(direction, difference, *wide), difference, ci95)


def mean_interval(
    values: Sequence[float] | NDArray[np.float64], rng_seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float] | None:
    """Returns the 95 % interval of a mean; None for one value, and where a value is not finite.

    From `LEAST_CASES` on that of `compare`. Below it Student's t alone: so few values, drawn again, say nothing of what
    was not drawn, and all of a resample are often equal.
    """
    found = np.asarray(values, dtype=float)
    if len(found) < 2 or not np.isfinite(found).all():
        return None
    if len(found) >= LEAST_CASES:
        return _interval(found, rng_seed, resamples, 0.025)
    half = _STUDENT_FEW[len(found) - 2] * float(found.std(ddof=1)) / len(found) ** 0.5
    return float(found.mean()) - half, float(found.mean()) + half


def _interval(deltas: NDArray[np.float64], rng_seed: int, resamples: int, tail: float) -> tuple[float, float]:
    """Returns the interval of the mean that leaves out `tail` at each end."""
    count, mean = len(deltas), float(deltas.mean())
    drawn = deltas[np.random.default_rng(rng_seed).integers(0, count, (resamples, count))]
    errors = drawn.std(axis=1, ddof=1) / count**0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (drawn.mean(axis=1) - mean) / errors
    below, above = np.percentile(np.nan_to_num(t, nan=0.0, posinf=FAR, neginf=-FAR), (100 * tail, 100 - 100 * tail))
    error, student = float(deltas.std(ddof=1)) / count**0.5, _student(count - 1, tail)
    return mean - max(float(above), student) * error, mean - min(float(below), -student) * error


def _student(freedom: int, tail: float) -> float:
    """Returns the upper `tail` point of Student's t (Abramowitz and Stegun, 26.7.5; at .025 right to 0.003 from five
    degrees of freedom on)."""
    z = NormalDist().inv_cdf(1 - tail)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return float(z + sum(term / freedom**power for power, term in enumerate(terms, 1)))


def _named(direction: Direction, difference: float, low: float, high: float) -> Verdict:
    if low <= 0 <= high:
        return "no evidence"
    return "improved" if better(direction, difference, 0.0) else "regressed"
