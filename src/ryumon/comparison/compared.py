"""What arms came to beside each other, in one record: the last line of `compare --json`."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
import numpy as np

from ryumon.archive.history import History
from ryumon.archive.summary import Summary, summarised
from ryumon.comparison.arms import Arm, over_cpu, over_evaluations, remarks, started, test_score
from ryumon.comparison.curves import Band, band
from ryumon.comparison.statistics import LEVEL, holm, pairs_needed, sign_flip, superiority
from ryumon.score import Direction, Verdict, mean_interval

Outcome = Literal["test", "area", "cpu_area"]
OUTCOMES: dict[Outcome, str] = {
    "test": "champion on test",
    "area": "train, over evaluations",
    "cpu_area": "train, over CPU time",
}


class Estimate(msgspec.Struct, frozen=True):
    """A mean over seeds and its 95 % interval; the mean is None where a champion failed on test."""

    mean: float | None
    ci95: tuple[float, float] | None


class Compared(msgspec.Struct, frozen=True):
    """One arm. `area` and `cpu_area` are the mean best on train up to the least that any run of the comparison spent,
    in evaluations and in candidates' CPU seconds."""

    name: str
    runs: list[Summary]
    test: Estimate
    area: Estimate
    cpu_area: Estimate
    curve: Band
    cpu_curve: Band


class Contrast(msgspec.Struct, frozen=True):
    """One arm against another by one outcome, over the seeds that both have.

    `difference` is `arm` minus `against`, in the task's unit; `better` the share of seeds at which `arm` is better, a
    tie counting as half; `p` that of the exact sign flip, `p_holm` corrected for all contrasts of the comparison.
    `verdict` goes by `p_holm`; `ci95` is of this contrast alone.
    """

    outcome: Outcome
    arm: str
    against: str
    pairs: int
    difference: float | None
    ci95: tuple[float, float] | None
    better: float
    better95: tuple[float, float]
    p: float
    p_holm: float = 1.0
    verdict: Verdict = "no evidence"


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Arms side by side, the first against each of the others."""

    task: str
    task_digest: str
    direction: Direction
    unit: str
    budget: str
    evaluations: float
    cpu_s: float
    arms: list[Compared]
    contrasts: list[Contrast]
    notes: list[str]


def compared(arms: Sequence[Arm]) -> Comparison:
    """Returns what arms came to; they are of one task and budget, and two at least."""
    runs = [history for arm in arms for history in arm.runs.values()]
    run = started(runs[0])
    evaluations = min(over_evaluations(history).end for history in runs)
    cpu_s = min(over_cpu(history).end for history in runs)
    values: dict[Outcome, Callable[[History], float]] = {
        "test": test_score,
        "area": lambda history: over_evaluations(history).mean(evaluations),
        "cpu_area": lambda history: over_cpu(history).mean(cpu_s),
    }
    contrasts = [
        _contrast(outcome, arms[0], other, values[outcome], run.direction) for outcome in OUTCOMES for other in arms[1:]
    ]
    contrasts = _judged(contrasts, run.direction, unseparated=any(started(history).unseparated for history in runs))
    return Comparison(
        task=run.task,
        task_digest=run.task_digest,
        direction=run.direction,
        unit=run.unit,
        budget=str(runs[0].budget),
        evaluations=evaluations,
        cpu_s=cpu_s,
        arms=[_arm(arm, values, evaluations, cpu_s) for arm in arms],
        contrasts=contrasts,
        notes=remarks(arms) + _powerless(contrasts),
    )


def _arm(arm: Arm, values: dict[Outcome, Callable[[History], float]], evaluations: float, cpu_s: float) -> Compared:
    runs = [arm.runs[seed] for seed in sorted(arm.runs)]
    found = {outcome: _estimate([value(history) for history in runs]) for outcome, value in values.items()}
    return Compared(
        name=arm.name,
        runs=[summarised(history) for history in runs],
        test=found["test"],
        area=found["area"],
        cpu_area=found["cpu_area"],
        curve=band([over_evaluations(history) for history in runs], evaluations),
        cpu_curve=band([over_cpu(history) for history in runs], cpu_s),
    )


def _estimate(values: list[float]) -> Estimate:
    mean = float(np.mean(values))
    return Estimate(mean if math.isfinite(mean) else None, mean_interval(values))


def _contrast(
    outcome: Outcome, arm: Arm, against: Arm, value: Callable[[History], float], direction: Direction
) -> Contrast:
    seeds = sorted(arm.runs.keys() & against.runs.keys())
    ours, theirs = ([value(side.runs[seed]) for seed in seeds] for side in (arm, against))
    differences = [0.0 if a == b else a - b for a, b in zip(ours, theirs, strict=True)]  # both may be infinite
    finite = bool(differences) and all(map(math.isfinite, differences))
    better, better95 = superiority(direction, ours, theirs)
    return Contrast(
        outcome=outcome,
        arm=arm.name,
        against=against.name,
        pairs=len(seeds),
        difference=float(np.mean(differences)) if finite else None,
        ci95=mean_interval(differences),
        better=better,
        better95=better95,
        p=sign_flip(differences),
    )


def _judged(contrasts: list[Contrast], direction: Direction, *, unseparated: bool) -> list[Contrast]:
    corrected = holm([contrast.p for contrast in contrasts])
    return [
        msgspec.structs.replace(contrast, p_holm=p, verdict=_verdict(contrast, p, direction, unseparated=unseparated))
        for contrast, p in zip(contrasts, corrected, strict=True)
    ]


def _verdict(contrast: Contrast, p: float, direction: Direction, *, unseparated: bool) -> Verdict:
    if p > LEVEL:
        return "no evidence"
    gain = contrast.better - 0.5
    if contrast.difference is not None:
        gain = contrast.difference if direction == "maximize" else -contrast.difference
    if gain < 0:
        return "regressed"
    return "no evidence" if unseparated or gain == 0 else "improved"


def _powerless(contrasts: list[Contrast]) -> list[str]:
    """Returns a warning where even unanimous seeds could not be evidence."""
    needed, least = pairs_needed(len(contrasts)), min(contrast.pairs for contrast in contrasts)
    if least >= needed:
        return []
    return [
        f"with {least} paired seeds none of {len(contrasts)} comparisons can be evidence at {100 * LEVEL:.0f} %, even "
        f"if all agree; with {needed} they can"
    ]
