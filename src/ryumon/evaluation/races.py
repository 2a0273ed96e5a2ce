"""Races of a noisy task: who would be a new best, or champion, is measured again and again until noise cannot say so.

Each race is over repeats that all programs share. It drops early who is clearly worse, and whoever is left in the end
has been measured on every repeat. What a race decides depends on answers and on the order of commits alone.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from ryumon.evaluation.evaluator import Evaluator, Measured
from ryumon.evaluation.noise import clearly_worse, differences, rounds
from ryumon.program import Program
from ryumon.score import Direction, Scores, better
from ryumon.store.records import Evaluated


class Incumbent(msgspec.Struct, frozen=True):
    """The best so far: its score, and its scores on each repeat but the first, by case."""

    score: float
    repeats: Scores


class Races:
    """Challengers against the incumbent of one run. Does nothing for a task that is not noisy."""

    def __init__(self, evaluator: Evaluator, direction: Direction) -> None:
        self._evaluator, self._direction = evaluator, direction
        self._incumbent: Incumbent | None = None

    def tell(self, record: Evaluated) -> None:
        """Takes the next commit in order; one that is a new best is the incumbent from now on."""
        best = self._incumbent
        if record.score is None or not record.repeats:
            return
        if best is None or better(self._direction, record.score, best.score):
            self._incumbent = Incumbent(record.score, record.repeats)

    async def challenge(self, program: Program, measured: Measured) -> Measured:
        """Returns what a would-be best is worth beside the incumbent, on repeats that chose neither of the two.

        Its score becomes the incumbent's plus the mean paired difference: it has the scale of scores measured once,
        whatever each repeat's cases did to everybody, and only who was measured on every repeat can be better.
        """
        best = self._incumbent
        if best is None:
            return measured
        deltas: list[float] = []
        for part in rounds(len(best.repeats)):
            more = await self._evaluator.repeats(program, range(part.start + 1, part.stop + 1), strict=measured.driven)
            measured = _with(measured, more)
            if more.status != "ok":
                return measured
            deltas = differences(measured.repeats, best.repeats)
            if clearly_worse(self._direction, deltas):
                break
        return msgspec.structs.replace(measured, raced=best.score + float(np.mean(deltas)))


def _with(measured: Measured, more: Measured) -> Measured:
    return msgspec.structs.replace(
        measured,
        status=more.status,
        reason=more.reason,
        log=more.log or measured.log,
        repeats=measured.repeats + more.repeats,
        cpu_s=measured.cpu_s + more.cpu_s,
        asked=measured.asked + more.asked,
    )


def survivors(direction: Direction, scores: Mapping[str, Scores], order: Sequence[str]) -> list[str]:
    """Returns who stays in a race of many, given everybody's scores so far: all but those that are clearly worse than
    the leader, who has the best mean, the first in `order` among equals."""
    if not order:
        return []
    sign = 1.0 if direction == "minimize" else -1.0
    means = {id: sign * float(np.mean([score for row in scores[id] for score in row])) for id in order}
    leader = min(order, key=means.__getitem__)
    return [id for id in order if id == leader or not clearly_worse(direction, differences(scores[id], scores[leader]))]
