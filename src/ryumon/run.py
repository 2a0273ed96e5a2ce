"""A run: task × improver × budget × seed. Asks, evaluates, commits in proposal order, then hears the verdict.

This is the supervisor's loop. It never parses or runs program text. Who proposes, how a score is earned, what is
remembered and how a run is judged live in `improvers`, `evaluation`, `archive` and `store`.
"""

import asyncio
import os
import sys
import time
from collections import deque
from collections.abc import Coroutine, Iterator
from typing import Any

import msgspec

from ryumon.archive.history import History
from ryumon.archive.journal import Journal, stored_evaluations
from ryumon.budget import Cost
from ryumon.engines.base import Engine
from ryumon.errors import BadInput, StoreError
from ryumon.evaluation.evaluator import Confirmed, Evaluator, Measured
from ryumon.evaluation.races import Races
from ryumon.evaluation.stages import Screen, View
from ryumon.evaluation.verdict import Court
from ryumon.improvers.client import ImproverClient
from ryumon.improvers.lasting import LastingImprover
from ryumon.improvers.messages import Proposed
from ryumon.program import Program, Proposal, checked, outside
from ryumon.redaction import held_key
from ryumon.score import UNCOUNTED, UNEVALUATED, Status
from ryumon.store.records import Evaluated, Finished, Resumed, SearchEnded, Started, Stopped
from ryumon.task import TaskFolder

FRUITLESS = 1000
CPU_LOOK_S = 0.1
CHILDREN_UNCONFIRMED = 4
MOST_PARENTS = 16
NOTE_CHARACTERS = 2_000
OPERATOR_CHARACTERS = 200
FORM_BYTES = 32


class Judged(msgspec.Struct, frozen=True):
    """A proposal with what became of it, waiting for its turn to be committed."""

    proposed: Proposed
    measured: Measured
    trigger: dict[str, Confirmed]


class Run:
    """One run under way, on processes that its caller starts and ends."""

    def __init__(
        self, *, journal: Journal, started: Started, task: TaskFolder, engine: Engine, improver: ImproverClient
    ) -> None:
        self._journal, self._started, self._task = journal, started, task
        self._engine = engine
        self._improver = LastingImprover(improver, journal, started.lookahead)
        self._evaluator = Evaluator(engine, task, started.seed)
        self._races = Races(self._evaluator, task.spec.direction)
        self._untold: deque[tuple[Evaluated, Program | None]] = deque()
        self._told = 0
        self._asked = 0
        self._judging: dict[int, asyncio.Future[Judged]] = {}
        self._confirming: dict[str, asyncio.Task[Confirmed]] = {}
        self._standing: dict[str, Status] = {}
        self._told_through = -1
        self._children = journal.history.children.copy()
        self._cpu_before = journal.history.cpu_s
        self._own_cpu_before = time.process_time()  # a bench or a notebook has had other runs in this process
        self._stopping = asyncio.Event()
        self._stop_reason = "stop"
        self._failure: StoreError | None = None
        journal.failed = self._fail

    # --- the whole of it ---

    def begin(self, seed: Measured, outcomes: dict[str, Confirmed]) -> None:
        """Appends the first events of a new run: what it is, and what its seed is worth."""
        self._journal.append(self._started)
        self._journal.append(self._record(-1, None, seed, outcomes))
        self._journal.flush()

    def take_up(self, record: Resumed) -> None:
        """Appends the event by which a stored run goes on, under the budget that it states."""
        self._journal.append(record)
        self._cpu_before = self._journal.history.cpu_s
        self._journal.flush()

    async def go(self) -> History:
        """Runs to the verdict, or to a stop, and returns the history, all of it in the store."""
        journal = self._journal
        try:
            in_time = journal.history.ended or await self._unless_stopped(
                self._search(), journal.wall_left(), self._out_of_cpu()
            )
            if not in_time:
                journal.append(SearchEnded("wall_s" if journal.wall_left() == 0 else "cpu_s", journal.elapsed()))
            await self._unless_stopped(self._close_out(), None)
            await self._unless_stopped(journal.settle(), None)
        except Interrupted:
            if self._failure is not None:
                raise self._failure from None
            if journal.history.finished is None:
                journal.append(Stopped(self._stop_reason, journal.elapsed(), self._cpu_s()))
            journal.flush()
        return journal.history

    def stop(self, reason: str) -> None:
        """Ends the run before its verdict, as soon as its processes are ended; it can be resumed."""
        self._stop_reason = reason
        self._stopping.set()

    def pulse(self) -> None:
        """Lets whoever watches draw again."""
        self._journal.pulse()

    def _fail(self, error: StoreError) -> None:
        self._failure = error
        self._stopping.set()

    async def _close_out(self) -> None:
        champion, found = await Court(self._journal, self._evaluator, self._started).verdict(self._task.seed.id)
        cpu_s = self._cpu_s()
        self._journal.append(
            Finished(
                champion=champion,
                verdict=found.verdict,
                difference=found.difference,
                ci95=found.ci95,
                elapsed=self._journal.elapsed(),
                cpu_s=cpu_s,
            )
        )

    def _cpu_s(self) -> float:
        """Ends the run's processes, and returns the CPU seconds of all of them, of this one since the run began, and of
        earlier sessions."""
        own = time.process_time() - self._own_cpu_before
        return self._cpu_before + own + self._improver.close() + self._engine.close()

    async def _out_of_cpu(self) -> None:
        """Returns once candidates, those in flight included, have used the budget's CPU time; never where it has none.

        Looks again when all cores together could have used what is left, so it is not much too late.
        """
        limit, engine = self._journal.history.budget.cpu_s, self._engine
        if limit is None:
            await asyncio.Event().wait()
            return
        before = self._journal.ledger.spent.cpu_s - engine.candidates_cpu_s()
        while (left := limit - before - engine.candidates_cpu_s()) > 0:
            await asyncio.sleep(max(CPU_LOOK_S, left / len(os.sched_getaffinity(0))))

    async def _unless_stopped(
        self, work: Coroutine[Any, Any, None], seconds: float | None, *limits: Coroutine[Any, Any, None]
    ) -> bool:
        """Awaits `work`; returns whether it ended in time and before `limits`; raises `Interrupted` where a stop came
        first."""
        doing = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._stopping.wait())
        reached = [asyncio.ensure_future(limit) for limit in limits]
        try:
            await asyncio.wait({doing, stop, *reached}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if self._stopping.is_set():
                raise Interrupted
            if doing.done():
                await doing
                return True
            return False
        finally:
            for future in (doing, stop, *reached):
                future.cancel()
            await asyncio.gather(doing, stop, *reached, return_exceptions=True)

    # --- the search ---

    async def _search(self) -> None:
        cases = await self._evaluator.case_ids("train", self._started.seed)
        screen = Screen(self._task.spec.direction, self._task.spec.stages, len(cases))
        await self._catch_up(screen)
        async with asyncio.TaskGroup() as group:
            while True:
                while self._may_ask() and self._journal.ledger.reserve():
                    await self._ask(group, screen)
                if not self._judging:
                    break
                await self._commit()
        reason = "exhausted" if self._journal.history.fruitless >= FRUITLESS else self._journal.ledger.exhausted()
        self._journal.append(SearchEnded(reason or "evaluations", self._journal.elapsed()))

    def _may_ask(self) -> bool:
        self._journal.elapsed()
        history = self._journal.history
        return self._asked <= history.committed + self._started.lookahead and history.fruitless < FRUITLESS

    async def _catch_up(self, screen: Screen) -> None:
        """Makes the seed known and, on resume, all but the last `lookahead` commits; the rest are told in order."""
        committed = self._journal.history.committed
        self._asked, self._told = committed, max(0, committed - self._started.lookahead)
        await self._improver.recover(self._told, self._taken_up(screen))

    def _taken_up(self, screen: Screen) -> Iterator[Evaluated]:
        """Yields the evaluations so far, and takes each up as it goes by."""
        for record in stored_evaluations(self._journal.store, self._journal.history.run):
            self._races.tell(record)
            self._standing.update((id, status) for id, status in record.confirmed.items() if id != record.id)
            if record.index < self._told:
                self._note(record, screen)
            else:
                self._untold.append((record, self._journal.program(record)))
            yield record

    async def _tell_before(self, index: int, screen: Screen) -> None:
        """Tells what ask number `index` is to know: exactly the first `index - lookahead` commits."""
        while self._told < index - self._started.lookahead and self._untold:
            record, program = self._untold.popleft()
            self._note(record, screen)
            await self._improver.tell(record, program)
            self._told += 1

    def _note(self, record: Evaluated, screen: Screen) -> None:
        """Makes one commit known to the screen, and to what parents are worth."""
        screen.tell(record)
        if record.id is not None and record.status not in UNEVALUATED:
            self._told_through = max(self._told_through, self._journal.history.where[record.id])
            self._standing.update((id, status) for id, status in record.confirmed.items() if id == record.id)

    async def _ask(self, group: asyncio.TaskGroup, screen: Screen) -> None:
        index = self._asked
        await self._tell_before(index, screen)
        proposed = self._admitted(await self._improver.ask(index))
        self._asked += 1
        proposal = proposed.proposal
        if proposal.program is None or proposal.duplicate:
            self._journal.ledger.release()
            status: Status = "duplicate" if proposal.duplicate else "no_program"
            self._judging[index] = asyncio.get_running_loop().create_future()
            self._judging[index].set_result(Judged(proposed, Measured(status=status, reason=proposal.note), {}))
            return
        triggered = [parent for parent in proposal.parents if self._confirm_fifth(group, parent)]
        standing = {parent: self._standing[parent] for parent in proposal.parents if parent in self._standing}
        awaited = {parent: self._confirming[parent] for parent in proposal.parents if parent in self._confirming}
        work = self._judge(proposed, screen, screen.view(), triggered, standing, awaited)
        self._judging[index] = group.create_task(work)

    def _admitted(self, proposed: Proposed) -> Proposed:
        """Returns a proposal as the supervisor takes it, which trusts no improver: sizes capped, unknown parents left
        out, and no program where it is unsafe, changes what is not editable, or holds a key."""
        proposal = proposed.proposal
        told, where = self._told_through, self._journal.history.where
        parents = tuple(id for id in proposal.parents[:MOST_PARENTS] if where.get(id, sys.maxsize) <= told)
        program, note = proposal.program, proposal.note[:NOTE_CHARACTERS]
        if program is not None:
            try:
                changed = outside(checked(program.files), self._task.seed, self._task.spec.editable)
                refusal = f"changes {', '.join(changed)}, which the task does not make editable" if changed else None
                refusal = refusal or held_key(program.files, self._journal.redactor)
            except BadInput as error:
                refusal = str(error)
            if refusal:
                program, note = None, refusal[:NOTE_CHARACTERS]
        operator = proposal.operator[:OPERATOR_CHARACTERS]
        duplicate = proposal.duplicate and program is not None
        kept = Proposal(program, tuple(dict.fromkeys(parents)), operator, note, duplicate)
        return Proposed(proposed.index, kept, proposed.form[:FORM_BYTES])

    async def _judge(
        self,
        proposed: Proposed,
        screen: Screen,
        view: View,
        triggered: list[str],
        standing: dict[str, Status],
        awaited: dict[str, asyncio.Task[Confirmed]],
    ) -> Judged:
        """Evaluates a proposal by what was known when it was asked for, its parents' standing included."""
        program = proposed.proposal.program
        assert program is not None
        outcomes = {parent: await confirmation for parent, confirmation in awaited.items()}
        standing = standing | {parent: outcome.status for parent, outcome in outcomes.items()}
        trigger = {parent: outcomes[parent] for parent in triggered}
        for parent, status in standing.items():
            if status != "ok":
                barred = Measured(status="barred", reason=f"parent {parent[:12]} is barred: {status}")
                return Judged(proposed, barred, trigger)
        return Judged(proposed, await self._evaluator.train(program, screen, view), trigger)

    # --- confirmation ---

    def _confirm_fifth(self, group: asyncio.TaskGroup, parent: str) -> bool:
        """Starts the confirmation of a program before its fifth child; returns whether this call started it.

        Depends on asks and tells alone, so that it falls on the same ask whatever the timing.
        """
        self._children[parent] += 1
        known = parent in self._standing or parent in self._confirming
        told = self._journal.history.where.get(parent, sys.maxsize) <= self._told_through
        if known or not told or self._children[parent] <= CHILDREN_UNCONFIRMED:
            return False
        record = self._journal.recorded(parent)
        program = self._journal.program(record)
        if not record.driven or program is None or not record.behaviours:
            self._standing[parent] = "ok"
            return False
        fast = Measured(status="ok", results=record.cases, behaviours=record.behaviours, driven=True)
        confirmation = self._evaluator.confirm(program, fast)
        self._confirming[parent] = group.create_task(confirmation)
        return True

    # --- commits, in the order of the asks ---

    async def _commit(self) -> None:
        index = self._journal.history.committed
        judged = await self._judging[index]
        del self._judging[index]
        measured, program = judged.measured, judged.proposed.proposal.program
        outcomes = dict(judged.trigger)
        if measured.score is not None and self._journal.history.is_best(measured.score):
            assert program is not None
            measured = await self._races.challenge(program, measured)
        if measured.score is not None and self._journal.history.is_best(measured.score):
            assert program is not None
            outcome = await self._evaluator.confirm(program, measured)
            outcomes[program.id] = outcome
            if outcome.status != "ok":
                measured = msgspec.structs.replace(measured, status=outcome.status, reason=outcome.evidence)
        if measured.status not in UNEVALUATED:
            self._journal.ledger.release()
        record = self._journal.append(self._record(index, judged.proposed, measured, outcomes))
        self._races.tell(record)
        self._untold.append((record, program))

    def _record(
        self, index: int, proposed: Proposed | None, measured: Measured, outcomes: dict[str, Confirmed]
    ) -> Evaluated:
        proposal = proposed.proposal if proposed is not None else None
        program = proposal.program if proposal is not None else self._task.seed
        stored = program is not None and measured.status not in UNEVALUATED
        confirming = sum(outcome.cpu_s for outcome in outcomes.values())
        barred = tuple(id for id, outcome in outcomes.items() if outcome.status != "ok")
        return Evaluated(
            index=index,
            id=program.id if program is not None else None,
            files=self._journal.keep(program) if program is not None and stored else None,
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
            probe=measured.probe,
            driven=measured.driven,
            confirmed={id: outcome.status for id, outcome in outcomes.items()},
            evidence="; ".join(outcome.evidence for outcome in outcomes.values() if outcome.evidence),
            cost=Cost(
                evaluations=int(measured.status not in UNCOUNTED and index >= 0),
                cases=measured.asked,
                cpu_s=measured.cpu_s + confirming,
            ),
            tier=self._journal.history.tier,
            elapsed=self._journal.elapsed(),
            repeats=measured.repeats,
        )


class Interrupted(Exception):
    """A stop was asked for."""
