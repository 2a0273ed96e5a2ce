"""Stages: cheap cases first, the hopeless and the already known dropped before the rest is paid for.

Decisions use only what had been told when the proposal was asked for, so they do not depend on timing.
"""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np

from ryumon.errors import TaskError
from ryumon.score import CaseResult, Direction, better, mean_score
from ryumon.store.records import Evaluated
from ryumon.task import Stage

WINDOW = 256
LEAST = 16


def slices(stages: Sequence[Stage], cases: int) -> list[range]:
    """Returns the positions of each stage's cases; what no stage names forms the last. Raises `TaskError`."""
    bounds = [0]
    for stage in stages:
        bounds.append(bounds[-1] + stage.cases)
    if bounds[-1] > cases:
        raise TaskError(f"the stages name {bounds[-1]} cases, and train has {cases}; make them fewer")
    if bounds[-1] < cases:
        bounds.append(cases)
    return [range(low, high) for low, high in pairwise(bounds)]


class View(msgspec.Struct, frozen=True):
    """What one proposal is screened against: a bar before each stage (None: open), and how much had been told."""

    bars: tuple[float | None, ...]
    told: int


class Screen:
    """Recent scores at each stage's end and the behaviours seen, as of the last tell."""

    def __init__(self, direction: Direction, stages: Sequence[Stage], cases: int) -> None:
        self.stages = slices(stages, cases)
        keeps = [stage.keep for stage in stages] + [1.0]
        self._keeps = keeps[: len(self.stages)]
        self._direction = direction
        self._recent: list[deque[float]] = [deque(maxlen=WINDOW) for _ in self.stages[:-1]]  # no bar follows the last
        self._behaviours: dict[bytes, tuple[int, str]] = {}
        self._probes: dict[bytes, tuple[int, str]] = {}
        self._told = 0

    def tell(self, record: Evaluated) -> None:
        """Takes the next committed evaluation in order. Scores that were forged, or failed later, set no bar."""
        for recent, stage in zip(self._recent, self.stages, strict=False):
            if record.status in ("ok", "dropped", "twin") and len(record.cases) >= stage.stop:
                recent.append(mean_score(record.cases[: stage.stop]))
        if record.status == "ok" and record.id is not None:
            self._behaviours.setdefault(self._first(record.behaviours), (self._told, record.id))
        if record.probe and record.id is not None and record.status in ("ok", "dropped", "twin"):
            self._probes.setdefault(record.probe, (self._told, record.id))
        self._told += 1

    def _first(self, behaviours: Sequence[bytes]) -> bytes:
        return b"".join(behaviours[: self.stages[0].stop])

    def view(self) -> View:
        """Returns what a proposal asked for now is screened against."""
        bars: list[float | None] = [None]
        for keep, recent in zip(self._keeps[1:], self._recent, strict=True):
            if keep >= 1 or len(recent) < LEAST:
                bars.append(None)
                continue
            share = keep if self._direction == "minimize" else 1 - keep
            bars.append(float(np.quantile(recent, share)))
        return View(tuple(bars), self._told)

    def hopeless(self, view: View, stage: int, results: Sequence[CaseResult]) -> bool:
        """Returns whether the scores so far are worse than the bar before `stage`."""
        bar = view.bars[stage]
        return bar is not None and better(self._direction, bar, mean_score(results))

    def twin(self, view: View, behaviours: Sequence[bytes]) -> str | None:
        """Returns the id of the first scored program, told by then, that made the same claims on the first stage."""
        found = self._behaviours.get(self._first(behaviours))
        return found[1] if found is not None and found[0] < view.told else None

    def echo(self, view: View, probe: bytes) -> str | None:
        """Returns the id of the first program, told by then, that made the same claims on the probe."""
        found = self._probes.get(probe)
        return found[1] if found is not None and found[0] < view.told else None
