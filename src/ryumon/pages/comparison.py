"""A comparison as one HTML page."""

from collections.abc import Sequence

from ryumon import __version__
from ryumon.archive.history import History
from ryumon.comparison.arms import Arm, over_cpu, over_evaluations, test_score
from ryumon.comparison.compared import OUTCOMES, Comparison
from ryumon.comparison.curves import Band, Steps
from ryumon.pages import Chart, Series, chart, page
from ryumon.pages.chart import staircase
from ryumon.score import LEAST_CASES


def comparison_page(arms: Sequence[Arm], found: Comparison) -> str:
    """Returns the page of a comparison of `arms`."""
    seeds = sorted({seed for arm in arms for seed in arm.runs})
    evaluations = [
        _series(arm.name, one.curve, [over_evaluations(run) for run in arm.runs.values()])
        for arm, one in zip(arms, found.arms, strict=True)
    ]
    cpu = [
        _series(arm.name, one.cpu_curve, [over_cpu(run) for run in arm.runs.values()])
        for arm, one in zip(arms, found.arms, strict=True)
    ]
    charts = [
        chart("Best on train over evaluations", "evaluations", "best on train", evaluations, unit=found.unit),
        chart("Best on train over CPU time", "CPU seconds of candidates", "best on train", cpu, unit=found.unit),
        *_tests(arms, seeds, found.unit),
    ]
    names = ", ".join(arm.name for arm in arms)
    return page(
        "comparison.html",
        found=found,
        names=names,
        charts=charts,
        outcomes=OUTCOMES,
        one_test=len({run.test_seed for arm in arms for run in arm.runs.values()}) == 1,
        version=__version__,
    )


def _series(name: str, band: Band, curves: Sequence[Steps]) -> Series:
    low, high, drawn = band.low, band.high, len(curves) >= LEAST_CASES
    return Series(
        name,
        curve=list(zip(band.spent, band.mean, strict=True)),
        runs=[staircase(list(zip(curve.spent, curve.scores, strict=True)), curve.end) for curve in curves],
        band=list(zip(band.spent, low, high, strict=True)) if low is not None and high is not None and drawn else (),
    )


def _tests(arms: Sequence[Arm], seeds: Sequence[int], unit: str) -> list[Chart]:
    """Returns the chart of the champions on test, arms side by side at each seed; none where every champion failed."""
    side = 0.12
    series = [
        Series(
            arm.name,
            dots=[
                (place + side * (number - (len(arms) - 1) / 2), test_score(arm.runs[seed]))
                for place, seed in enumerate(seeds)
                if seed in arm.runs and _passed(arm.runs[seed])
            ],
        )
        for number, arm in enumerate(arms)
    ]
    if not any(one.dots for one in series):
        return []
    labels = [str(seed) for seed in seeds]
    return [chart("Champions on test", "seed of the run", "test", series, unit=unit, labels=labels)]


def _passed(history: History) -> bool:
    return abs(test_score(history)) != float("inf")
