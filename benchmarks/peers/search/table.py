"""Tables of finished searches: gains of every arm, and ryumon beside each other one, paired by seed."""

import statistics
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from benchmarks.peers.search.outcomes import Outcome
from benchmarks.peers.search.tasks import gain

from ryumon.comparison.statistics import holm, sign_flip
from ryumon.score import mean_interval

FIRST = "ryumon"
OWN = "mutate"  # is ryumon too, so that it is no arm to be compared with
Gain = Callable[[Outcome], float]
Pairs = tuple[str, str, list[float]]


def on_test(outcome: Outcome) -> float:
    """Returns the champion's gain on test."""
    return gain(outcome.task, outcome.seed_test, outcome.test)


def on_train(outcome: Outcome) -> float:
    """Returns the champion's gain on train, by which it was chosen."""
    return gain(outcome.task, outcome.seed_train, outcome.train)


GAINS: dict[str, Gain] = {"test": on_test, "train": on_train}


def tables(outcomes: Sequence[Outcome]) -> str:
    """Returns all tables, in Markdown."""
    parts = [f"Normalised gain on {name}:\n\n{gains(outcomes, of)}" for name, of in GAINS.items()]
    parts += [f"ryumon minus the other, gain on {name}:\n\n{differences(outcomes, of)}" for name, of in GAINS.items()]
    return "\n\n".join(parts)


def gains(outcomes: Sequence[Outcome], of: Gain) -> str:
    """Returns the median of each arm on each task, and the least and the largest."""
    arms = list(dict.fromkeys(outcome.arm for outcome in outcomes))
    rows = [f"| task | proposals | seeds | {' | '.join(arms)} |", "|---" * (3 + len(arms)) + "|"]
    for task, proposals in _tasks(outcomes):
        found = [outcome for outcome in outcomes if (outcome.task, outcome.proposals) == (task, proposals)]
        cells = [_spread([of(outcome) for outcome in found if outcome.arm == arm]) for arm in arms]
        seeds = len({outcome.seed for outcome in found})
        rows.append(f"| {task} | {proposals} | {seeds} | {' | '.join(cells)} |")
    return "\n".join(rows)


def differences(outcomes: Sequence[Outcome], of: Gain) -> str:
    """Returns ryumon against each other arm: over all pairs of task and seed, then task by task; p by the exact sign
    flip, corrected by Holm for the rows of either kind."""
    others = [arm for arm in dict.fromkeys(outcome.arm for outcome in outcomes) if arm not in (FIRST, OWN)]
    by_task = [(task, arm, _paired(outcomes, task, arm, of)) for task, _ in _tasks(outcomes) for arm in others]
    pooled = [("all tasks", arm, [gap for _, found, gaps in by_task if found == arm for gap in gaps]) for arm in others]
    rows = ["| task | against | pairs | mean difference (95 %) | p | p (Holm) |", "|---" * 6 + "|"]
    return "\n".join([*rows, *_rows(pooled), *_rows(by_task)])


def _paired(outcomes: Iterable[Outcome], task: str, arm: str, of: Gain) -> list[float]:
    """Returns ryumon's gain minus the arm's at every seed that both have."""
    found = {(outcome.arm, outcome.seed): of(outcome) for outcome in outcomes if outcome.task == task}
    seeds = sorted(seed for name, seed in found if name == FIRST and (arm, seed) in found)
    return [found[FIRST, seed] - found[arm, seed] for seed in seeds]


def _rows(compared: Sequence[Pairs]) -> list[str]:
    compared = [pairs for pairs in compared if pairs[2]]
    raw = [sign_flip(gaps) for _, _, gaps in compared]
    rows = []
    for (task, arm, gaps), p, corrected in zip(compared, raw, holm(raw), strict=True):
        interval = mean_interval(gaps)
        shown = "" if interval is None else f" ({interval[0]:+.3f} to {interval[1]:+.3f})"
        rows.append(f"| {task} | {arm} | {len(gaps)} | {np.mean(gaps):+.3f}{shown} | {p:.3f} | {corrected:.3f} |")
    return rows


def _tasks(outcomes: Iterable[Outcome]) -> list[tuple[str, int]]:
    return list(dict.fromkeys((outcome.task, outcome.proposals) for outcome in outcomes))


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})" if values else ""
