"""What a run has come to: the fold of its events, the same for a live run, a resumed one and one that is only shown.

`apply` takes one event's record in constant time and keeps no program text.
"""

import heapq
from collections import Counter
from collections.abc import Iterable

import msgspec

from ryumon.budget import Budget, Cost, parse_budget
from ryumon.score import RAN, UNCOUNTED, UNEVALUATED, Direction, Status, better
from ryumon.store.chain import Event, genesis
from ryumon.store.records import (
    Committed,
    Evaluated,
    Finished,
    Read,
    Record,
    Resumed,
    SearchEnded,
    Snapshot,
    Started,
    Stopped,
    TestDrawn,
    glimpsed,
)
from ryumon.task import Split, derived_seed, repeat_seed

BEST_KEPT = 64


class Point(msgspec.Struct, frozen=True):
    """A new best on train: after how many evaluations, seconds and CPU seconds of candidates, which program, what
    score."""

    evaluations: int
    elapsed: float
    id: str
    score: float
    cpu_s: float = 0.0


class Credit(msgspec.Struct):
    """What an operator has done: proposals evaluated, those that scored, those that were new bests."""

    tried: int = 0
    scored: int = 0
    best: int = 0


class Place(msgspec.Struct, frozen=True):
    """Where a snapshot of the improver's state is: after how many tells, in which event."""

    told: int
    event: int


class Contenders:
    """The programs that may become champion: every new best on train, and the best of all, at most `BEST_KEPT`."""

    def __init__(self, direction: Direction) -> None:
        self._sign = -1.0 if direction == "minimize" else 1.0
        self._heap: list[tuple[float, int, str]] = []
        self.bests: dict[str, None] = {}  # in order
        self.scores: dict[str, tuple[float, int]] = {}
        self.barred: set[str] = set()

    def add(self, id: str, score: float, size: int, *, new_best: bool) -> None:
        """Takes a scored program in. Equal scores are kept by size, the smaller first."""
        entry = (self._sign * score, -size, id)
        self.scores[id] = (score, size)
        if new_best:
            self.bests[id] = None
        if len(self._heap) < 2 * BEST_KEPT:
            heapq.heappush(self._heap, entry)
        else:
            dropped = heapq.heappushpop(self._heap, entry)[2]
            if dropped not in self.bests:
                self.scores.pop(dropped, None)

    def ids(self, most: int = BEST_KEPT) -> list[str]:
        """Returns the contenders, barred ones left out, each once, `most` of them: the new bests, and of all others the
        best; more than that where there are more new bests."""
        top = [id for _, _, id in sorted(self._heap, reverse=True) if id not in self.barred][: min(most, BEST_KEPT)]
        bests = [id for id in reversed(self.bests) if id not in self.barred]
        others = [id for id in top if id not in self.bests]
        kept = set(bests + others[: max(0, min(most, BEST_KEPT) - len(bests))])
        return [id for id in dict.fromkeys(top + bests) if id in kept]


class History:
    """The state of a run, one event after the other."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.head = genesis(run)
        self.events = 0
        self.started: Started | None = None
        self.budget = Budget()
        self.tier = ""
        self.spent = Cost()
        self.elapsed = 0.0
        self.committed = 0
        self.fruitless = 0
        self.statuses: Counter[Status] = Counter()
        self.operators: dict[str, Credit] = {}
        self.seed: Evaluated | None = None
        self.curve: list[Point] = []
        self.contenders = Contenders("minimize")
        self.children: Counter[str] = Counter()
        self.where: dict[str, int] = {}
        self.readings: dict[tuple[Split, int, str], Read] = {}
        self.strictly: set[tuple[Split, int, str]] = set()
        self.snapshots: list[Place] = []
        self.test_seed: int | None = None
        self.draws = 0
        self.cpu_s = 0.0
        self.search_cpu_s = 0.0  # of candidates, the readings at an end left out
        self.search_cases = 0.0
        self.ended: str | None = None
        self.stopped: str | None = None
        self.finished: Finished | None = None

    @property
    def direction(self) -> Direction:
        """The task's direction; `minimize` before the first event."""
        return self.started.direction if self.started is not None else "minimize"

    @property
    def validation_seed(self) -> int:
        """The seed of the validation cases, which derives from the run's."""
        return derived_seed(self.started.seed, "validation") if self.started is not None else 0

    @property
    def fresh_seed(self) -> int:
        """The seed of train cases that took no part in a noisy task's search; it derives from the run's."""
        return derived_seed(self.started.seed, "fresh") if self.started is not None else 0

    @property
    def evaluations(self) -> int:
        """Committed evaluations, the seed's not counted."""
        return int(self.spent.evaluations)

    @property
    def best(self) -> Point | None:
        """The best on train so far, the seed included."""
        return self.curve[-1] if self.curve else None

    @property
    def failed(self) -> int:
        """Counted evaluations that gave no score and were not merely stopped early."""
        return sum(count for status, count in self.statuses.items() if status not in RAN | UNCOUNTED)

    def is_best(self, score: float) -> bool:
        """Returns whether a score beats the best on train so far."""
        return self.best is None or better(self.direction, score, self.best.score)

    def follow(self, events: Iterable[Event]) -> "History":
        """Applies stored events in order; returns self."""
        for event in events:
            self.apply(glimpsed(event.body), event.hash)
        return self

    def apply(self, record: Record | Committed, head: bytes) -> None:
        """Takes the next event's record; `head` is the event's hash."""
        if isinstance(record, Committed) and record.id is not None and record.status not in UNEVALUATED:
            self.where.setdefault(record.id, self.events)
        if isinstance(record, Snapshot):
            self.snapshots.append(Place(record.told, self.events))
        self.head, self.events = head, self.events + 1
        self.elapsed = getattr(record, "elapsed", self.elapsed)
        match record:
            case Started():
                self.started, self.tier, self.budget = record, record.tier, parse_budget(record.budget)
                self.contenders = Contenders(record.direction)
            case Committed():
                self._evaluated(record)
            case Read():
                self.spent = self.spent + record.cost
                self.readings[record.split, record.seed, record.id] = record
                if record.strict:
                    self.strictly.add((record.split, record.seed, record.id))
            case SearchEnded(reason):
                self.ended = reason
            case TestDrawn(seed):
                self.test_seed, self.draws = seed, self.draws + 1
            case Finished():
                self.finished, self.cpu_s = record, record.cpu_s
            case Stopped():
                self.stopped, self.cpu_s = record.reason, record.cpu_s
            case Resumed():
                self._resumed(record)

    def _resumed(self, record: Resumed) -> None:
        """A plain resume decides nothing again; more budget opens the search, and with it the test draw."""
        if self.stopped is None and self.finished is None:  # it was killed: what is known of its time is its children's
            self.cpu_s = max(self.cpu_s, self.spent.cpu_s)
        self.tier, self.stopped = record.tier, None
        if parse_budget(record.budget) != self.budget:
            self.budget = parse_budget(record.budget)
            self.ended = self.finished = self.test_seed = None
            self.fruitless = 0

    def _evaluated(self, record: Committed) -> None:
        self.spent = self.spent + record.cost
        self.search_cpu_s += record.cost.cpu_s
        self.search_cases += record.cost.cases
        self.contenders.barred.update(id for id, status in record.confirmed.items() if status != "ok")
        if isinstance(record, Evaluated) and record.index < 0:
            self.seed = record
        else:
            self.committed += 1
            self.statuses[record.status] += 1
            self.fruitless = self.fruitless + 1 if record.status in UNCOUNTED else 0
            self._credit(record)
        if record.score is not None and record.id is not None:
            new_best = self.is_best(record.score)
            self.contenders.add(record.id, record.score, record.size, new_best=new_best)
            if new_best:
                point = Point(self.evaluations, record.elapsed, record.id, record.score, self.search_cpu_s)
                self.curve.append(point)

    def _credit(self, record: Committed) -> None:
        if record.status in UNEVALUATED:
            return
        self.children.update(record.parents)
        credit = self.operators.setdefault(record.operator, Credit())
        credit.tried += 1
        credit.scored += record.score is not None
        credit.best += record.score is not None and self.is_best(record.score)

    def champion(self) -> str | None:
        """Returns the contender that is best on validation, ties to the smaller program; None before any reading."""
        sign = 1.0 if self.direction == "minimize" else -1.0
        scored = [
            (sign * mean, self.contenders.scores[id][1], id)
            for id in self.contenders.ids()
            if (mean := self.mean("validation", self.validation_seed, id)) is not None
        ]
        return min(scored)[2] if scored else None

    def scores(self, split: Split, seed: int, id: str) -> list[tuple[float, ...]]:
        """Returns what a program was read to score on a split, repeat by repeat, up to the first that is missing or
        failed; a task that is not noisy has one."""
        found: list[tuple[float, ...]] = []
        for repeat in range(self.started.repeats if self.started is not None else 1):
            reading = self.readings.get((split, repeat_seed(seed, repeat), id))
            if reading is None or reading.status != "ok":
                break
            found.append(reading.scores)
        return found

    def whole(self, split: Split, seed: int, id: str) -> list[tuple[float, ...]] | None:
        """Returns the same where no repeat is missing, and None otherwise."""
        found = self.scores(split, seed, id)
        return found if self.started is not None and len(found) == self.started.repeats else None

    def mean(self, split: Split, seed: int, id: str) -> float | None:
        """Returns a program's mean score on a split over all repeats; None where any is missing or failed."""
        found = self.whole(split, seed, id)
        if found is None:
            return None
        return sum(score for row in found for score in row) / sum(map(len, found))
