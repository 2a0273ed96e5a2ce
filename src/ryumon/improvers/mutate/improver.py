"""The embedded improver: evolves program text with no model, on islands of bounded populations.

It chooses parents and keeps what works; `editor` makes the children. It never runs a program.
"""

from math import inf
from typing import Any

import msgspec
import numpy as np

from ryumon.archive import Archive, Held, Islands, Layers, Member, alike, drift, member_of
from ryumon.errors import BadInput
from ryumon.improvers.base import Brief, Known, Past
from ryumon.improvers.mutate.credit import Credits
from ryumon.improvers.mutate.editor import Editing, Editor
from ryumon.improvers.mutate.novel import NovelOnly
from ryumon.improvers.mutate.session import OPERATOR
from ryumon.improvers.mutate.tuning import Standing, Tuning, TuningSettings
from ryumon.improvers.options import plain
from ryumon.program import Program, Proposal
from ryumon.registry import maker
from ryumon.score import Evaluation, better


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of `Mutate`.

    `drift`: chance that a twin takes the place of the member it behaves as; `swelling`: the same if it is longer, kept
    low since text without effect gathers edits without effect. `afresh`: chance that a child's parent is the seed, so
    that what one edit of it can find is found, however far the islands have gone; none once all islands are open, when
    nearly all of that has been tried. `abroad`: chance that a graft comes from any island. `interval`, `opening`: see
    `archive/islands.py`. `bandit`: operators are drawn by their credit.
    `population` and `parents` are names registered as `ryumon.populations` and `ryumon.parents`. `age_gap`: where it is
    not 0, islands are age layers (`archive/layers.py`). `novelty`: where it is not 0, a child that is at least so like
    one of the last 512 is not evaluated (`novel.py`).
    """

    islands: int = 4
    capacity: int = 8
    interval: int = 500
    opening: int = 1000
    population: str = "ranked"
    population_options: dict[str, Any] = {}
    parents: str = "tournament"
    parents_options: dict[str, Any] = {}
    age_gap: int = 0
    novelty: float = 0.0
    drift: float = 0.8
    swelling: float = 0.2
    afresh: float = 0.25
    abroad: float = 0.2
    bandit: bool = False
    editing: Editing = Editing()
    tuning: TuningSettings = TuningSettings()


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `Mutate` exports: the members of each island in order, the credit of operators, and of tuning."""

    islands: list[list[Held]]
    credits: Credits
    tuning: Standing


class Mutate:
    """Steady-state genetic programming on source text; see `Settings` for the options and their defaults."""

    def __init__(self, brief: Brief, known: Known, **options: Any) -> None:
        try:
            self.settings = msgspec.convert(plain(options), Settings)
        except msgspec.ValidationError as error:
            raise BadInput(f"mutate: {error}") from error
        settings = self.settings
        self.archive = Archive(brief.direction)
        make = maker(
            "populations", settings.population, brief.direction, settings.capacity, **settings.population_options
        )
        self.islands: Islands | Layers = (
            Layers(brief.direction, make, settings.islands, settings.age_gap)
            if settings.age_gap
            else Islands(make, settings.islands, settings.interval, settings.opening)
        )
        self._opened = settings.opening * (settings.islands - 1) or inf
        self.credits = Credits()
        self._rule = maker("parents", settings.parents, brief.direction, **settings.parents_options)()
        self._novel = NovelOnly(brief, known, settings.novelty) if settings.novelty else None
        factor = (lambda name: self.credits.factor(name)) if settings.bandit else None
        self._editor = Editor(brief, self._novel or known, settings.editing, factor)
        self.tuning = Tuning(
            settings.tuning, brief.direction, self._novel or known, self._editor.view, self._editor.paths
        )
        self._direction = brief.direction
        self._seed = brief.seed

    def ask(self, i: int, rng: np.random.Generator) -> Proposal:
        """Returns a child of a member of island `i` modulo their number, the seed's while that island is empty; where
        a program is being tuned, a child of that one now and then."""
        tuned = self.tuning.ask(rng)
        if tuned is not None:
            return tuned
        members = self.islands.of(i).members
        again = not members or (i < self._opened and rng.random() < self.settings.afresh)
        parent = self._seed if again else self._rule.pick(members, rng).program

        def donor() -> Program | None:
            abroad = rng.random() < self.settings.abroad
            island = self.islands.any(i, rng.random()) if abroad else self.islands.of(i)
            return self._rule.pick(island.members, rng).program if island.members else None

        return self._editor.propose(parent, donor, rng, (parent.id,))

    def tell(self, evaluation: Evaluation) -> None:
        """Admits what ran to its island; a twin may take the place of the program it behaves as."""
        for barred in evaluation.barred:
            self.islands.remove(barred)
        entry = self.archive.add(evaluation)
        score = None
        if entry is not None and evaluation.program is not None:
            self._record(evaluation)
            if self._novel is not None:
                self._novel.tell(evaluation.program)
            score = self.archive.standing(entry)
            if score is not None and not entry.barred:
                self._admit(member_of(evaluation, evaluation.program, entry, score))
        if evaluation.index >= 0:
            self.islands.tick(evaluation.index)
        self.tuning.tell(evaluation, score, self.islands.populations)

    def export(self) -> State | None:
        """Returns the state, the index of the archive aside; None where more than that index and members is known, and
        while a program is being tuned."""
        tuning = self.tuning.export()
        if self._novel is not None or not isinstance(self.islands, Islands) or not self.islands.restorable():
            return None
        if tuning is None:
            return None
        islands = [[member.held() for member in island.members] for island in self.islands.populations]
        return State(islands, self.credits, tuning)

    def restore(self, state: Any, past: Past) -> None:
        """Takes up a state: the index from what was told, then the islands with their members' texts."""
        held = msgspec.convert(state, State)
        assert isinstance(self.islands, Islands)
        for outline in past.outlines():
            self.archive.recall(outline)
        members = {kept.id for island in held.islands for kept in island}
        programs = past.programs(members | {kept.id for _, kept in held.tuning.kept.values()})
        self.islands.restore(
            [[kept.member(programs[kept.id], self.archive[kept.id]) for kept in island] for island in held.islands]
        )
        self.credits = held.credits
        self.tuning.restore(held.tuning, programs, self.archive)

    def _admit(self, member: Member) -> None:
        entry = member.entry
        if self.tuning.admit(member, self.islands.populations):
            return
        if entry.index < 0:
            self.islands.everywhere(member)
        elif entry.status == "ok":
            self.islands.of(entry.index).admit(member)
        else:
            island = self.islands.of(entry.index)
            held = alike(island, member)
            grows = held is not None and member.program.size > held.program.size
            if _chance(entry.id) < (self.settings.swelling if grows else self.settings.drift):
                drift(island, member)

    def _record(self, evaluation: Evaluation) -> None:
        """Credits each operator of a child with what became of it; tuning keeps account of itself."""
        if evaluation.operator == OPERATOR:
            return
        parent = self.archive.get(evaluation.parents[0]) if evaluation.parents else None
        score = evaluation.score
        standing = self.archive.standing(parent) if parent is not None else None
        gained = score is not None and standing is not None and better(self._direction, score, standing)
        self.credits.tell(evaluation.operator, evaluation.status, len(evaluation.cases), improved=gained)


def _chance(program_id: str) -> float:
    """Returns a number in [0, 1) that the program's hash decides, since `tell` has no generator."""
    return int(program_id[:8], 16) / 2**32
