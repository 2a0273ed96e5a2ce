"""The contract between a run and whatever proposes programs.

An improver sees `train` alone, holds no key, and changes state only in `tell`. It never runs a program.
"""

from collections.abc import Collection, Iterator
from typing import Any, Protocol, runtime_checkable

import msgspec
import numpy as np

from ryumon.program import Program, Proposal
from ryumon.score import Direction, Evaluation, Outline


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


class Past(Protocol):
    """What was told before a snapshot, for an improver that takes it up."""

    def outlines(self) -> Iterator[Outline]:
        """Yields all that was told, the seed first, in brief and in order."""

    def programs(self, ids: Collection[str]) -> dict[str, Program]:
        """Returns the programs of these ids, once the outlines have been read. Each costs the supervisor a look into
        the store, so ask for those that may be needed alone."""


@runtime_checkable
class Restorable(Protocol):
    """An improver that a resumed run need not tell everything again. One that is none of these is told everything.

    What may be exported is bounded, whatever was told: ids of programs, not texts, and nothing that the outlines say.
    """

    def export(self) -> Any:
        """Returns the state as plain data or records: what MessagePack can say. None: it cannot be exported."""

    def restore(self, state: Any, past: Past) -> None:
        """Takes up, in an improver that was told nothing, the state of one that was told `past`: it then proposes what
        that one would. Raises where `state`, which is plain data, is none of its own; it is then told everything."""
