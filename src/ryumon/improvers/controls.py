"""The control arms: what a search must beat to have been worth its scores.

Both use `mutate`'s operators and duplicate check; neither reads a score.
"""

from typing import Any, TypeVar

import msgspec
import numpy as np

from ryumon.errors import BadInput
from ryumon.improvers.base import Brief, Known, Past
from ryumon.improvers.mutate import Editing, Editor
from ryumon.improvers.options import plain
from ryumon.program import Program, Proposal
from ryumon.score import RAN, Evaluation

RESERVOIR = 65_536
Kept = TypeVar("Kept")


class _Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    editing: Editing = Editing()


def _editing(name: str, options: dict[str, Any]) -> Editing:
    try:
        return msgspec.convert(plain(options), _Options).editing
    except msgspec.ValidationError as error:
        raise BadInput(f"{name}: {error}") from error


class Random:
    """Every proposal edits a parent drawn uniformly from all programs that ran.

    It holds at most `RESERVOIR` of them, a uniform sample of all (algorithm R; Vitter 1985, "Random sampling with a
    reservoir"), with draws that the count of programs decides.
    """

    def __init__(self, brief: Brief, known: Known, **options: Any) -> None:
        self._editor = Editor(brief, known, _editing("random", options))
        self._seed = brief.seed
        self._pool: list[Program] = []
        self._seen = 0
        self._barred: set[str] = set()

    def ask(self, i: int, rng: np.random.Generator) -> Proposal:
        """Returns a child of a uniformly drawn program; grafts come from another."""

        def draw() -> Program:
            for _ in range(16):
                program = self._pool[int(rng.random() * len(self._pool))] if self._pool else self._seed
                if program.id not in self._barred:
                    return program
            return self._seed

        parent = draw()
        return self._editor.propose(parent, draw, rng, (parent.id,))

    def tell(self, evaluation: Evaluation) -> None:
        """Adds what ran to the pool, whatever it scored."""
        self._barred.update(evaluation.barred)
        if evaluation.status in RAN and evaluation.program is not None:
            self._take(self._pool, evaluation.program)

    def export(self) -> list[None]:
        """Returns nothing: the outlines say which programs the reservoir holds."""
        return []

    def restore(self, state: list[None], past: Past) -> None:
        """Draws the reservoir again, by ids, then takes its programs."""
        pool: list[str] = []
        for outline in past.outlines():
            self._barred.update(outline.barred)
            if outline.status in RAN and outline.id is not None:
                self._take(pool, outline.id)
        programs = past.programs(pool)
        self._pool = [programs[id] for id in pool]

    def _take(self, pool: list[Kept], ran: Kept) -> None:
        self._seen += 1
        if len(pool) < RESERVOIR:
            pool.append(ran)
            return
        place = int(np.random.default_rng(self._seen).random() * self._seen)
        if place < RESERVOIR:
            pool[place] = ran


class BestOfN:
    """Every proposal edits the seed."""

    def __init__(self, brief: Brief, known: Known, **options: Any) -> None:
        self._editor = Editor(brief, known, _editing("best-of-n", options))
        self._seed = brief.seed

    def ask(self, i: int, rng: np.random.Generator) -> Proposal:
        """Returns a child of the seed; there is nothing else to graft from."""
        return self._editor.propose(self._seed, lambda: self._seed, rng, (self._seed.id,))

    def tell(self, evaluation: Evaluation) -> None:
        """Learns nothing."""

    def export(self) -> list[None]:
        """Returns nothing, since there is nothing."""
        return []

    def restore(self, state: list[None], past: Past) -> None:
        """Takes nothing up."""
