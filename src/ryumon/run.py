"""A run: task × improver × budget × seed. Asks, evaluates, commits in proposal order, then reads the sealed splits.

This is the supervisor's loop. It appends every step to the store before anything depends on it, and never parses or
runs program text. Who proposes, how a score is earned and what is remembered live in `improvers`, `evaluation`
and `store`.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import msgspec

from ryumon.archive.history import History
from ryumon.budget import Cost, Ledger
from ryumon.engines.base import Engine
from ryumon.errors import StoreError
from ryumon.evaluation.evaluator import Confirmed, Evaluator, Measured
from ryumon.evaluation.stages import Screen, View
from ryumon.improvers.client import ImproverClient
from ryumon.improvers.messages import Proposed
from ryumon.program import Program
from ryumon.score import UNCOUNTED, Evaluation, Status, compare
from ryumon.store.base import Store, Writer, read_files
from ryumon.store.records import (
    Evaluated,
    Finished,
    Read,
    Record,
    Resumed,
    SearchEnded,
    Started,
    Stopped,
    TestDrawn,
    decoded,
    encoded,
)
from ryumon.task import Split, TaskFolder

FLUSH_S = 0.05
FRUITLESS = 1000
CHILDREN_UNCONFIRMED = 4


class Judged(msgspec.Struct, frozen=True):
    """A proposal with what became of it, waiting for its turn to be committed."""

    proposed: Proposed
    measured: Measured
    trigger: dict[str, Confirmed]


class Run:
    """One run under way. `notify` is called after each event with the state so far; it must be quick."""

    def __init__(
        self,
        *,
        store: Store,
        writer: Writer,
        history: History,
        started: Started,
        task: TaskFolder,
        engine: Engine,
        improver: ImproverClient,
        notify: Callable[[History], None] = lambda history: None,
    ) -> None:
        self._store, self._writer, self._history, self._task = store, writer, history, task
        self._engine, self._improver, self._notify = engine, improver, notify
        self._started = started
        self._evaluator = Evaluator(engine, task, started.seed)
        self._ledger = Ledger(history.budget, history.spent + Cost(wall_s=history.elapsed))
        self._born = time.monotonic() - history.elapsed
        self._ticked = history.elapsed
        self._programs: dict[str, Program] = {}
        self._untold: deque[tuple[Evaluated, Evaluation]] = deque()
        self._told = 0
        self._asked = 0
        self._judging: dict[int, asyncio.Task[Judged]] = {}
        self._confirming: dict[str, asyncio.Task[Confirmed]] = {}
        self._children = history.children.copy()
        self._flush_due: asyncio.TimerHandle | None = None
        self._failure: StoreError | None = None
        self._stopping = asyncio.Event()
        self._stop_reason = "stop"

    # --- the whole of it ---

    def begin(self, seed: Measured, outcomes: dict[str, Confirmed]) -> None:
        """Appends the first events of a new run: what it is, and what its seed is worth."""
        self._append(self._started)
        self._append(self._record(-1, None, seed, outcomes))
        self.flush()

    def take_up(self, record: Resumed) -> None:
        """Appends the event by which a stored run goes on, under the budget that it states."""
        self._append(record)
        self.flush()

    async def go(self) -> None:
        """Runs to the verdict, or to a stop. What is spent, found and decided is in the store when this returns."""
        try:
            if not await self._unless_stopped(self._search(), self._wall_left()):
                self._append(SearchEnded("wall_s", self._elapsed()))
            await self._unless_stopped(self._close_out(), None)
        except Interrupted:
            if self._failure is not None:
                raise self._failure from None
            self._append(Stopped(self._stop_reason, self._elapsed()))
        self.flush()

    def stop(self, reason: str) -> None:
        """Ends the run before its verdict, as soon as its processes are ended; it can be resumed."""
        self._stop_reason = reason
        self._stopping.set()

    @property
    def history(self) -> History:
        """The state so far."""
        return self._history

    async def _unless_stopped(self, work: Coroutine[Any, Any, None], seconds: float | None) -> bool:
        """Awaits `work`; returns whether it ended in time; raises `Interrupted` where a stop came first."""
        doing = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({doing, stop}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if self._stopping.is_set():
                raise Interrupted
            if doing.done():
                await doing
                return True
            return False
        finally:
            for future in (doing, stop):
                future.cancel()
            await asyncio.gather(doing, stop, return_exceptions=True)

    # --- the search ---

    async def _search(self) -> None:
        screen = Screen(self._task.spec.direction, self._task.spec.stages, await self._train_cases())
        await self._catch_up(screen)
        async with asyncio.TaskGroup() as group:
            while True:
                while self._may_ask() and self._ledger.reserve():
                    await self._ask(group, screen)
                if not self._judging:
                    break
                await self._commit()
        reason = "exhausted" if self._history.fruitless >= FRUITLESS else self._ledger.exhausted()
        self._append(SearchEnded(reason or "evaluations", self._elapsed()))

    def _may_ask(self) -> bool:
        self._tick()
        return self._asked <= self._history.committed + self._started.lookahead and self._history.fruitless < FRUITLESS

    async def _catch_up(self, screen: Screen) -> None:
        """Tells the seed and, on resume, all but the last `lookahead` commits; the rest stay to be told in order."""
        forms: list[bytes] = []
        for record in stored_evaluations(self._store, self._history.run):
            forms.append(record.form)
            program = None if record.files is None else read_files(self._store, record.files)
            if record.index < 0:
                screen.tell(record)
                await self._improver.tell(_evaluation(record, program))
                continue
            self._untold.append((record, _evaluation(record, program)))
            self._asked += 1
            await self._tell_before(self._history.committed, screen)
        await self._improver.know(tuple(form for form in forms if form))

    async def _tell_before(self, index: int, screen: Screen) -> None:
        """Tells what ask number `index` is to know: exactly the first `index - lookahead` commits."""
        while self._told < index - self._started.lookahead and self._untold:
            record, evaluation = self._untold.popleft()
            screen.tell(record)
            await self._improver.tell(evaluation)
            self._told += 1

    async def _ask(self, group: asyncio.TaskGroup, screen: Screen) -> None:
        index = self._asked
        await self._tell_before(index, screen)
        proposed = await self._improver.ask(index)
        self._asked += 1
        proposal = proposed.proposal
        if proposal.program is None or proposal.duplicate:
            self._ledger.release()
            status: Status = "duplicate" if proposal.duplicate else "no_program"
            judged = asyncio.get_running_loop().create_future()
            judged.set_result(Judged(proposed, Measured(status=status, reason=proposal.note), {}))
            self._judging[index] = asyncio.ensure_future(_value(judged))
            return
        view = screen.view()
        triggered = [self._confirm_parent(group, parent) for parent in proposal.parents]
        self._judging[index] = group.create_task(self._judge(proposed, screen, view, [p for p in triggered if p]))

    async def _judge(self, proposed: Proposed, screen: Screen, view: View, triggered: list[str]) -> Judged:
        program = proposed.proposal.program
        assert program is not None
        outcomes = {id: await self._confirming[id] for id in triggered}
        for parent in proposed.proposal.parents:
            status = await self._standing(parent)
            if status != "ok":
                barred = Measured(status="barred", reason=f"parent {parent[:12]} is barred: {status}")
                return Judged(proposed, barred, outcomes)
        return Judged(proposed, await self._evaluator.train(program, screen, view), outcomes)

    async def _standing(self, id: str) -> Status:
        if id in self._confirming:
            return (await self._confirming[id]).status
        return self._history.confirmed.get(id, "ok")

    # --- confirmation ---

    def _confirm_parent(self, group: asyncio.TaskGroup, parent: str) -> str | None:
        """Starts the confirmation of a program before its fifth child; returns its id where this call started it."""
        self._children[parent] += 1
        known = parent in self._history.confirmed or parent in self._confirming
        if known or self._children[parent] <= CHILDREN_UNCONFIRMED or parent not in self._history.where:
            return None
        record = self._recorded(parent)
        if not record.driven or record.files is None or not record.behaviours:
            return None
        program = read_files(self._store, record.files)
        fast = Measured(status="ok", results=record.cases[:1], behaviours=record.behaviours[:1])
        confirmation = self._evaluator.confirm(program, fast)
        self._confirming[parent] = group.create_task(confirmation)
        return parent

    def _recorded(self, id: str) -> Evaluated:
        self.flush()
        record = decoded(next(self._store.events(self._history.run, self._history.where[id] - 1)).body)
        assert isinstance(record, Evaluated)
        return record

    # --- commits, in the order of the asks ---

    async def _commit(self) -> None:
        index = self._history.committed
        judged = await self._judging[index]
        del self._judging[index]
        measured, program = judged.measured, judged.proposed.proposal.program
        outcomes = dict(judged.trigger)
        if measured.status == "ok" and measured.driven and self._history.is_best(measured.score or 0.0):
            assert program is not None
            outcome = await self._evaluator.confirm(program, measured)
            outcomes[program.id] = outcome
            if outcome.status != "ok":
                measured = msgspec.structs.replace(measured, status=outcome.status, reason=outcome.evidence)
        if measured.status not in UNCOUNTED:
            self._ledger.release()
        record = self._record(index, judged.proposed, measured, outcomes)
        self._append(record)
        self._untold.append((record, _evaluation(record, program)))

    def _record(
        self, index: int, proposed: Proposed | None, measured: Measured, outcomes: dict[str, Confirmed]
    ) -> Evaluated:
        proposal = proposed.proposal if proposed is not None else None
        program = proposal.program if proposal is not None else self._task.seed
        counted = measured.status not in UNCOUNTED
        confirming = sum(outcome.cpu_s for outcome in outcomes.values())
        barred = tuple(id for id, outcome in outcomes.items() if outcome.status != "ok")
        return Evaluated(
            index=index,
            id=program.id if program is not None else None,
            files=self._writer.program(program) if program is not None and counted else None,
            size=program.size if program is not None else 0,
            parents=proposal.parents if proposal is not None else (),
            operator=proposal.operator if proposal is not None else "seed",
            status=measured.status,
            score=measured.score,
            cases=measured.results,
            reason=measured.reason,
            log="" if measured.status == "ok" else measured.log,
            twin=measured.twin,
            barred=barred,
            form=proposed.form if proposed is not None else self._improver.seed_form,
            behaviours=measured.behaviours,
            driven=measured.driven,
            confirmed={id: outcome.status for id, outcome in outcomes.items()},
            evidence="; ".join(outcome.evidence for outcome in outcomes.values() if outcome.evidence),
            cost=Cost(evaluations=int(counted and index >= 0), cases=measured.asked, cpu_s=measured.cpu_s + confirming),
            tier=self._history.tier,
            elapsed=self._elapsed(),
        )

    # --- seed, champion and verdict ---

    async def _train_cases(self) -> int:
        return len(await self._evaluator.case_ids("train", self._started.seed))

    async def _close_out(self) -> None:
        """Reads validation for every contender, draws the test seed, reads test for champion and seed, and compares."""
        history, seed_id = self._history, self._task.seed.id
        await self._read_all("validation", self._started.seed, history.contenders.ids())
        champion = history.champion() or seed_id
        drawn = self._started.test_seed
        self._append(TestDrawn(drawn if drawn is not None else secrets.randbits(63)))
        assert history.test_seed is not None
        await self._read_all("test", history.test_seed, [seed_id, champion])
        ours = history.readings["test", history.test_seed, champion]
        base = history.readings["test", history.test_seed, seed_id]
        if ours.status == base.status == "ok":
            found = compare(history.direction, ours.scores, base.scores, history.test_seed)
            verdict, difference, ci95 = found.verdict, found.difference, found.ci95
        else:
            verdict, difference, ci95 = ("regressed" if base.status == "ok" else "no evidence"), 0.0, None
        cpu_s = time.process_time() + self._improver.close() + self._engine.close()
        self._append(
            Finished(
                champion=champion,
                verdict=verdict,
                difference=difference,
                ci95=ci95,
                elapsed=self._elapsed(),
                cpu_s=cpu_s,
            )
        )

    async def _read_all(self, split: Split, seed: int, ids: list[str]) -> None:
        split_read: Split = "train" if self._task.spec.splits == "one" else split
        async with asyncio.TaskGroup() as group:
            for id in dict.fromkeys(ids):
                if (split, seed, id) not in self._history.readings:
                    group.create_task(self._read(split, split_read, seed, id))

    async def _read(self, split: Split, split_read: Split, seed: int, id: str) -> None:
        record = self._recorded(id)
        assert record.files is not None
        cases_seed = self._started.seed if split_read == "train" else seed
        found = await self._evaluator.read(read_files(self._store, record.files), split_read, cases_seed)
        self._append(
            Read(
                split=split,
                seed=seed,
                id=id,
                status=found.status,
                scores=tuple(result.score for result in found.results) if found.status == "ok" else (),
                reason=found.reason,
                cost=Cost(cases=found.asked, cpu_s=found.cpu_s),
                elapsed=self._elapsed(),
            )
        )

    # --- events ---

    def _append(self, record: Record) -> None:
        self._writer.append(*encoded(record))
        self._history.apply(record, self._writer.head)
        self._ledger.budget = self._history.budget
        if isinstance(record, Evaluated | Read):
            self._ledger.charge(record.cost)
        if self._flush_due is None:
            self._flush_due = asyncio.get_running_loop().call_later(FLUSH_S, self._flush_or_stop)
        self._notify(self._history)

    def flush(self) -> None:
        """Makes every event so far durable."""
        if self._flush_due is not None:
            self._flush_due.cancel()
            self._flush_due = None
        self._writer.flush()

    def _flush_or_stop(self) -> None:
        self._flush_due = None
        try:
            self._writer.flush()
        except StoreError as error:
            self._failure = error
            self._stopping.set()

    def _elapsed(self) -> float:
        return time.monotonic() - self._born

    def _tick(self) -> None:
        now = self._elapsed()
        self._ledger.charge(Cost(wall_s=now - self._ticked))
        self._ticked = now

    def _wall_left(self) -> float | None:
        limit = self._history.budget.wall_s
        return None if limit is None else max(0.0, limit - self._elapsed())


class Interrupted(Exception):
    """A stop was asked for."""


async def _value(future: "asyncio.Future[Judged]") -> Judged:
    return await future


def _evaluation(record: Evaluated, program: Program | None) -> Evaluation:
    names = Evaluation.__struct_fields__
    fields = {name: getattr(record, name) for name in names if name != "program"}
    return Evaluation(program=program, **fields)


def stored_evaluations(store: Store, run: str) -> Iterator[Evaluated]:
    """Yields the evaluations of a run in commit order, the seed's first."""
    for event in store.events(run):
        if event.kind == "evaluated":
            record = decoded(event.body)
            assert isinstance(record, Evaluated)
            yield record
