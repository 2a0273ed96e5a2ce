"""The contract between a run and whatever proposes programs.

An improver sees `train` alone, holds no key, and changes state only in `tell`. It never runs a program.
"""

from typing import Protocol

import msgspec
import numpy as np

from ryumon.program import Program, Proposal
from ryumon.score import Direction, Evaluation


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What an improver may know of a task before the first evaluation."""

    task: str
    direction: Direction
    text: str
    language: str
    editable: tuple[str, ...]
    vocabulary: str
    seed: Program


class Known(Protocol):
    """The normal forms of every proposal so far, results aside."""

    def seen(self, program: Program) -> bool:
        """Returns whether an earlier proposal, or the seed, equals `program` in normal form."""


class Improver(Protocol):
    """Proposes programs. Made as `factory(brief, known, **options)` by the process that hosts it.

    Before `ask(i)`, exactly the tells of the seed and of the first `max(0, i - lookahead)` proposals have happened,
    in order. `ask` is a function of that state, of the proposals so far and of `rng`, and leaves the state alone.
    """

    def ask(self, i: int, rng: np.random.Generator) -> Proposal:
        """Returns the i-th proposal, from 0. `rng` derives from the run's seed and `i` alone."""

    def tell(self, evaluation: Evaluation) -> None:
        """Takes what became of the next proposal in order; the seed comes first, with index -1."""
