"""A run as one HTML page: verdict, curve, the champion's line as diffs, what failed and why."""

from typing import Any

from ryumon import __version__
from ryumon.archive.evidence import barred
from ryumon.archive.history import History
from ryumon.archive.journal import stored_evaluations
from ryumon.archive.lineage import difference, path_to_seed
from ryumon.archive.outcomes import outcomes
from ryumon.archive.summary import Summary, summarised
from ryumon.pages.chart import Chart, Series, chart, staircase
from ryumon.pages.render import page
from ryumon.score import UNCOUNTED, UNEVALUATED
from ryumon.store.base import Store

DIFF_LINES = 400
LOG_CHARACTERS = 2_000
BARRED_SHOWN = 50


def run_page(store: Store, history: History) -> str:
    """Returns the page of a run, which need not have ended."""
    assert history.started is not None
    summary = summarised(history)
    assert summary.champion is not None
    path = path_to_seed(store, history, summary.champion.id)
    counts = _evaluations_at(store, history, {str(step.id) for step, _ in path})
    steps = [
        {
            "id": step.id,
            "ask": step.index,
            "operator": step.operator,
            "status": step.status,
            "score": step.score,
            "evaluations": counts.get(str(step.id), 0),
            "parents": step.parents,
            "children": history.children[str(step.id)],
            "diff": difference(before, program) if before is not None else [],
        }
        for before, (step, program) in zip([None, *(program for _, program in path[:-1])], path, strict=True)
    ]
    found_out = list(barred(store, history))
    return page(
        "run.html",
        history=history,
        started=history.started,
        summary=summary,
        steps=steps,
        files=path[-1][1].files,
        chart=_curve(history, steps),
        outcomes=outcomes(store, history),
        operators=sorted(history.operators.items(), key=lambda item: (-item[1].best, -item[1].scored)),
        barred=found_out[:BARRED_SHOWN],
        more_barred=max(0, len(found_out) - BARRED_SHOWN),
        verdict=_verdict(summary, exact=history.started.exact, changed=len(path) > 1),
        diff_lines=DIFF_LINES,
        log_characters=LOG_CHARACTERS,
        version=__version__,
    )


def _evaluations_at(store: Store, history: History, ids: set[str]) -> dict[str, int]:
    """Returns after how many evaluations each of some programs was committed first, itself counted."""
    found: dict[str, int] = {}
    evaluations = 0
    for record in stored_evaluations(store, history.run):
        if record.status in UNEVALUATED:
            continue
        evaluations += record.index >= 0 and record.status not in UNCOUNTED
        if record.id in ids:
            found.setdefault(str(record.id), evaluations)
    return found


def _curve(history: History, steps: list[dict[str, Any]]) -> Chart:
    """Returns the best on train over evaluations, with the champion's line as dots."""
    assert history.started is not None
    points = [(float(point.evaluations), point.score) for point in history.curve]
    dots = [(float(step["evaluations"]), step["score"]) for step in steps if step["score"] is not None]
    series = [
        Series("best on train", curve=staircase(points, float(history.evaluations))),
        Series("the champion and its ancestors", dots=dots),
    ]
    return chart("Best on train over evaluations", "evaluations", "score on train", series, unit=history.started.unit)


def _verdict(summary: Summary, *, exact: bool, changed: bool) -> str:
    """Returns the verdict in a sentence, with its interval and its control."""
    if summary.verdict is None:
        return f"No verdict yet: ryumon resume {summary.run} goes on."
    assert summary.champion is not None
    interval = summary.champion.ci95
    by = "an exact comparison" if exact else "no interval"
    if interval is not None:
        by = f"95 % interval [{interval[0]:.6g}, {interval[1]:.6g}]"
    if not changed:
        return f"{summary.verdict}: the champion is the seed; control: {summary.control}."
    ours, base = summary.champion.test, summary.baseline.test
    gap = f" {ours - base:+.6g} on test," if ours is not None and base is not None else ""
    return f"{summary.verdict}: champion against seed{gap} {by}; control: {summary.control}."
