"""Finished runs as arms: grouped by improver and settings, paired by seed, refused where they cannot be compared."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from ryumon.archive.history import History
from ryumon.comparison.curves import Steps
from ryumon.errors import BadInput
from ryumon.store.base import Store
from ryumon.store.chain import verified
from ryumon.store.records import Started


class Arm(msgspec.Struct, frozen=True):
    """Runs that differ in nothing but their seed."""

    name: str
    runs: dict[int, History]


def started(history: History) -> Started:
    """Returns what a run is; raises `BadInput` where it has not even begun."""
    if history.started is None:
        raise BadInput(f"run {history.run} holds no event yet; wait, or leave it out")
    return history.started


def histories(store: Store, names: Sequence[str]) -> list[History]:
    """Returns the runs named, each chain checked; raises `BadInput` for a run that is not there or has not ended."""
    known = set(store.runs())
    for name in names:
        if name not in known:
            raise BadInput(f"no run {name!r}; `ryumon runs` lists them")
        if names.count(name) > 1:
            raise BadInput(f"run {name} is named twice; name each once")
    found = [History(name).follow(verified(name, store.events(name))) for name in names]
    for history in found:
        if history.finished is None:
            raise BadInput(
                f"run {history.run} has no verdict yet; `ryumon resume {history.run}` goes on, or leave it out"
            )
    return found


def grouped(runs: Sequence[History]) -> list[Arm]:
    """Returns the arms in the order in which they were named; raises `BadInput` where no comparison would be fair."""
    if not runs:
        raise BadInput("name the runs to compare: ryumon compare RUN RUN ...")
    _check_alike(runs)
    arms: dict[bytes, dict[int, History]] = {}
    for history in runs:
        run = started(history)
        arm = arms.setdefault(_key(run), {})
        if run.seed in arm:
            raise BadInput(
                f"runs {arm[run.seed].run} and {history.run} are of the same arm and seed {run.seed}; leave one out"
            )
        arm[run.seed] = history
    if len(arms) < 2:
        raise BadInput(
            f"all of these runs are of one arm, {started(runs[0]).improver}; name runs of another one as well"
        )
    first, *others = arms.values()
    if not any(first.keys() & other.keys() for other in others):
        raise BadInput("the arms have no seed in common, so nothing is paired; run them with the same seeds")
    settings = [_settings(started(next(iter(arm.values())))) for arm in arms.values()]
    return [Arm(_name(mine, settings), arm) for mine, arm in zip(settings, arms.values(), strict=True)]


def _check_alike(runs: Sequence[History]) -> None:
    first = runs[0]
    for history in runs[1:]:
        for what, ours, theirs in (
            ("task", started(first).task, started(history).task),
            ("version of the task", started(first).task_digest[:12], started(history).task_digest[:12]),
            ("direction", started(first).direction, started(history).direction),
            ("budget", str(first.budget), str(history.budget)),
            ("number of repeats", started(first).repeats, started(history).repeats),
        ):
            if ours != theirs:
                raise BadInput(
                    f"runs {first.run} and {history.run} differ in {what}: {ours} and {theirs}; compare like with like"
                )


def _settings(run: Started) -> dict[str, Any]:
    return {"improver": run.improver, "lookahead": run.lookahead, **run.options}


def _key(run: Started) -> bytes:
    return msgspec.json.encode(_settings(run), order="sorted")


def _name(mine: dict[str, Any], all_: Sequence[dict[str, Any]]) -> str:
    """Returns an arm's name: its improver, and its other settings where another arm has the same improver."""
    same = [other for other in all_ if other["improver"] == mine["improver"]]
    differing = [key for key in mine if any(other.get(key) != mine[key] for other in same)]
    return " ".join([str(mine["improver"]), *(f"{key}={mine[key]}" for key in differing)])


def over_evaluations(history: History) -> Steps:
    """Returns the best on train over evaluations."""
    points = history.curve
    return Steps(
        tuple(float(point.evaluations) for point in points), tuple(point.score for point in points), history.evaluations
    )


def over_cpu(history: History) -> Steps:
    """Returns the best on train over the CPU seconds that candidates used, the seed's own included."""
    points = history.curve
    return Steps(tuple(point.cpu_s for point in points), tuple(point.score for point in points), history.search_cpu_s)


def test_score(history: History) -> float:
    """Returns the champion's mean score on test; infinitely bad where it failed there."""
    assert history.finished is not None
    assert history.test_seed is not None
    found = history.mean("test", history.test_seed, history.finished.champion)
    if found is not None:
        return found
    return math.inf if history.direction == "minimize" else -math.inf


def remarks(arms: Sequence[Arm]) -> list[str]:
    """Returns what a reader has to know of the runs besides their figures."""
    runs = [history for arm in arms for history in arm.runs.values()]
    said = _unpaired(arms)
    drawn = {seed: {arm.runs[seed].test_seed for arm in arms if seed in arm.runs} for arm in arms for seed in arm.runs}
    apart = sorted(seed for seed, tests in drawn.items() if len(tests) > 1)
    if apart and not started(runs[0]).exact:
        said.append(
            f"at seed {_listed(apart)} the arms were tested on different cases; --test-seed gives them the same ones"
        )
    for what, values in (
        ("versions of ryumon", {started(history).version for history in runs}),
        ("sandbox tiers", {history.tier for history in runs}),
    ):
        if len(values) > 1:
            said.append(f"the runs are of different {what}: {', '.join(sorted(values))}")
    early = [history.run for history in runs if history.ended == "exhausted"]
    if early:
        said.append(f"ended before the budget, since no new program was found: {_listed(early)}")
    failed = [history.run for history in runs if math.isinf(test_score(history))]
    if failed:
        said.append(f"the champion failed on test, which counts as worse than any score: {_listed(failed)}")
    again = [history.run for history in runs if history.draws > 1]
    if again:
        said.append(f"test was drawn more than once: {_listed(again)}")
    if any(started(history).unseparated for history in runs):
        said.append("the evaluator ran beside the candidates, which could forge the score: this shows no improvement")
    return said


def _unpaired(arms: Sequence[Arm]) -> list[str]:
    first = arms[0]
    said = []
    for arm in arms[1:]:
        alone = sorted(first.runs.keys() ^ arm.runs.keys())
        if alone:
            said.append(f"{first.name} against {arm.name}: seed {_listed(alone)} has no partner and is left out")
    return said


def _listed(items: Sequence[object]) -> str:
    shown = ", ".join(map(str, items[:8]))
    return f"{shown} and {len(items) - 8} more" if len(items) > 8 else shown
