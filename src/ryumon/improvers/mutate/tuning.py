"""Numeric tuning: the literals of one program at a time are moved by CMA-ES, as an operator of its own.

A session (`session.py`) is opened on a program that stands at the head of its island when nothing else improves, and
closed when it gains no more; one that paid is followed at once by another from its best. Where a session sees no way to
go, one is opened at once on a program that was tuned before, or on the seed: an edit may have used up what made room
for others, a margin for instance, and gained by it. The share of the asks is earned: it follows what tuning and all
other edits gained for each evaluation. All of this is decided in `tell`. It neither chooses the parents of other edits
nor looks at what numbers are for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import takewhile
from math import inf, isfinite

import msgspec
import numpy as np

from ryumon.archive import Archive, Held, Member, Population
from ryumon.improvers.base import Known
from ryumon.improvers.mutate.literals import Literals, literals
from ryumon.improvers.mutate.session import OPERATOR, Session, Start
from ryumon.improvers.mutate.view import View
from ryumon.program import Program, Proposal
from ryumon.score import UNEVALUATED, Direction, Evaluation

TRIES = 3
SHARES = (0.1, 0.9)  # of the asks that an open session gets, at least and at most
TRIAL = 0.5  # its share until it brings a new best, on a skeleton where no session did so before
MEMORY = 0.99  # by which a kind's gains and evaluations count less with each further one of its own
SKELETONS = 1_024  # of which it is remembered how often they were tuned
MOST_VAIN = 5  # doublings of the wait after sessions that gained nothing
DOUBLINGS = 3  # of a generation, one for each session on the skeleton that paid (IPOP, Auger and Hansen 2005)
KEPT = 8  # tuned programs that sessions may go back to


class TuningSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of `Tuning`.

    `stale`: tells without a new best before a session opens, doubled after each that gained nothing; 0, the default
    until it is shown what sessions cost where they do not pay, for none. `step`: length of a first step, in units of
    the numbers' own sizes. `most`: numbers tuned at once.
    """

    stale: int = 0
    step: float = 0.3
    most: int = 128


class Rate(msgspec.Struct, forbid_unknown_fields=True):
    """Gain for each evaluation, recent ones first."""

    gain: float = 0.0
    told: float = 0.0

    def add(self, gain: float) -> None:
        """Counts one more evaluation."""
        self.gain, self.told = MEMORY * self.gain + gain, MEMORY * self.told + 1

    @property
    def value(self) -> float:
        """The mean gain of an evaluation."""
        return self.gain / self.told if self.told else 0.0


class Standing(msgspec.Struct, forbid_unknown_fields=True):
    """What `Tuning` remembers between sessions: rates of tuning and of all other edits, the least loss, tells since it
    or since the last session, sessions in a row that gained nothing; for each skeleton, by its digest, how many
    sessions there were and how many of them paid; what may be gone back to, by skeleton, each with its island."""

    tuning: Rate
    editing: Rate
    best: float | None = None
    since: int = 0
    vain: int = 0
    held: dict[str, tuple[int, int]] = {}
    kept: dict[str, tuple[int, Held]] = {}


class Tuning:
    """Opens and closes sessions, one at a time, and says which asks are theirs; in losses, where lower is better.

    `view` gives the analysed text of a file, `paths` are the files that may be edited.
    """

    def __init__(
        self,
        settings: TuningSettings,
        direction: Direction,
        known: Known,
        view: Callable[[str], View | None],
        paths: Sequence[str],
    ) -> None:
        self._settings, self._known, self._view, self._paths = settings, known, view, paths
        self._sign = 1.0 if direction == "minimize" else -1.0
        self._session: Session | None = None
        self._standing = Standing(Rate(), Rate())
        self._paid = False
        self._kept: dict[str, tuple[int, Member]] = {}

    @property
    def share(self) -> float:
        """The share of the asks that are the open session's, 0 where there is none."""
        if self._session is None:
            return 0.0
        if not self._paid:
            return SHARES[1] if self._held(self._session.start)[1] else TRIAL
        own, other = self._standing.tuning.value, self._standing.editing.value
        if own == 0:
            return SHARES[0]
        return min(max(own / (own + other), SHARES[0]), SHARES[1])

    def ask(self, rng: np.random.Generator) -> Proposal | None:
        """Returns a child of the open session; None where there is none, it is not its turn, or nothing is new."""
        session = self._session
        if session is None or rng.random() >= self.share:
            return None
        for _ in range(TRIES):
            child = session.sample(rng)
            if not self._known.seen(child):
                return Proposal(program=child, parents=(session.program.id,), operator=OPERATOR)
        return None

    def admit(self, member: Member, populations: Sequence[Population]) -> bool:
        """Returns whether `member` is of the open session, which holds one place, for its best, on its own island.

        To be called before `tell`. So many children of one text would else fill the islands.
        """
        if member.entry.index < 0 and self._settings.stale:
            for start in self._starts(0, member):
                self._keep(start.skeleton, 0, member)
        session = self._session
        if session is None or member.entry.parents != (session.program.id,) or session.read(member.program) is None:
            return False
        if self._sign * member.score < session.best:
            island = populations[session.start.island]
            island.remove(session.seat.entry.id if session.seat is not None else "")
            island.admit(member)
            session.seat = member
        return True

    def tell(self, evaluation: Evaluation, score: float | None, populations: Sequence[Population]) -> None:
        """Takes the score that a program competes with, None where it failed; opens or closes a session."""
        if evaluation.barred:
            self._forget(evaluation.barred, populations)
        if evaluation.status in UNEVALUATED:
            return
        loss = self._sign * score if score is not None else inf
        gained = self._count(loss, evaluation.operator == OPERATOR)
        session, standing = self._session, self._standing
        if session is None:
            if 0 < self._settings.stale << standing.vain <= standing.since:
                self._open([start for island in enumerate(populations) for start in self._heads(*island)])
            return
        self._paid |= session.tell(evaluation, loss) and gained
        if session.blind and not self._paid:
            self._go_back(session.start)
        elif session.finished:
            self._close(session)

    def export(self) -> Standing | None:
        """Returns what is remembered between sessions; None while one is open."""
        if self._session is not None:
            return None
        kept = {skeleton: (island, member.held()) for skeleton, (island, member) in self._kept.items()}
        return msgspec.structs.replace(self._standing, kept=kept)

    def restore(self, standing: Standing, programs: Mapping[str, Program], archive: Archive) -> None:
        """Takes up what `export` gave; the programs and the entries of what was kept are found by their ids."""
        self._standing = standing
        self._kept = {
            skeleton: (island, held.member(programs[held.id], archive[held.id]))
            for skeleton, (island, held) in standing.kept.items()
        }

    def _count(self, loss: float, own: bool) -> bool:
        """Counts an evaluation and returns whether it is a new best."""
        standing = self._standing
        best = standing.best if standing.best is not None else inf
        better = _rounded(loss) < _rounded(best)
        rate = standing.tuning if own else standing.editing
        rate.add(best - loss if better and isfinite(best) else 0.0)
        standing.since = 0 if better else standing.since + 1
        standing.best = loss if loss < best else standing.best
        return better

    def _forget(self, barred: Sequence[str], populations: Sequence[Population]) -> None:
        """Drops what is built on barred programs: they are nowhere gone on from, and their scores are no best."""
        self._kept = {key: place for key, place in self._kept.items() if place[1].entry.id not in barred}
        session = self._session
        if session is not None and not session.built_on.isdisjoint(barred):
            self._session = None
        losses = [self._sign * member.score for population in populations for member in population.members]
        self._standing.best = min(losses, default=None)

    def _held(self, start: Start) -> tuple[int, int]:
        """Returns how many sessions there were on a skeleton, and how many of them paid."""
        return self._standing.held.get(start.skeleton, (0, 0))

    def _remember(self, start: Start, held: int, paid: int) -> None:
        """Adds to the sessions of a skeleton and to those that paid. Skeletons that are long unused are forgotten."""
        before, sessions = self._held(start), self._standing.held
        sessions.pop(start.skeleton, None)
        sessions[start.skeleton] = before[0] + held, before[1] + paid
        if len(sessions) > SKELETONS:
            del sessions[next(iter(sessions))]

    def _keep(self, skeleton: str, island: int, member: Member) -> None:
        """Keeps a program to go back to, in the place of an earlier one of its skeleton; the worst has to go."""
        self._kept[skeleton] = (island, member)
        if len(self._kept) > KEPT:
            del self._kept[max(self._kept, key=lambda each: self._sign * self._kept[each][1].score)]

    def _open(self, starts: Sequence[Start]) -> None:
        """Opens a session on the skeleton that was tuned least, the best among equals; where there are none, it waits
        again, twice as long as before."""
        standing = self._standing
        if not starts:
            standing.vain, standing.since = min(standing.vain + 1, MOST_VAIN), 0
            self._session = None
            return

        def worth(start: Start) -> tuple[int, float]:
            return self._held(start)[0], _rounded(self._sign * start.member.score)

        start = min(starts, key=worth)
        doublings = min(self._held(start)[1], DOUBLINGS)
        self._remember(start, 1, 0)
        self._paid = False
        self._session = Session(start, self._sign * start.member.score, self._settings.step, doublings)

    def _go_back(self, blind: Start) -> None:
        """Ends a session that saw no way to go, and opens one on what was kept."""
        self._kept.pop(blind.skeleton, None)
        self._open([start for skeleton, place in self._kept.items() for start in self._again(skeleton, *place)])

    def _close(self, session: Session) -> None:
        """Ends a session and keeps its best; one that paid is followed at once by another from there."""
        start, best = session.start, session.seat or session.start.member
        self._remember(start, 0, int(self._paid))
        self._keep(start.skeleton, start.island, best)
        if self._paid:
            self._standing.vain = self._standing.since = 0
        self._open(self._again(start.skeleton, start.island, best) if self._paid else [])

    def _heads(self, island: int, population: Population) -> Iterator[Start]:
        """Yields where sessions may begin on the oldest of the members that are as good as the best.

        A younger one may owe its last digit to a margin that it gave up, and all that is near it then fails.
        """
        best = population.members[0].score if population.members else 0.0
        equals = takewhile(lambda member: _rounded(member.score) == _rounded(best), population.members)
        for member in sorted(equals, key=lambda member: member.entry.index)[:1]:
            yield from self._starts(island, member)

    def _again(self, skeleton: str, island: int, member: Member) -> list[Start]:
        """Returns where a session may begin on a program that was tuned before: on that skeleton alone."""
        return [start for start in self._starts(island, member) if start.skeleton == skeleton]

    def _starts(self, island: int, member: Member) -> Iterator[Start]:
        """Yields where sessions may begin on a program: each group of numbers that may be tuned together."""
        for path in self._paths:
            view = self._view(member.program.files[path]) if member.program.files.get(path) else None
            for numbers in literals(view, self._settings.most) if view is not None else ():
                yield Start(island, member, path, numbers, _digest(numbers))


def _digest(numbers: Literals) -> str:
    return blake2b("\0".join(numbers.skeleton).encode(), digest_size=8).hexdigest()


def _rounded(score: float) -> float:
    """Returns a score without the digits that mean nothing."""
    return float(f"{score:.9g}")
