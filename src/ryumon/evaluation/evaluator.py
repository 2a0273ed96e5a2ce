"""How a program earns its score: stages, the second chance after a CPU limit, confirmation, and sealed readings.

Runs in the supervisor and only passes program text on; what it decides depends on answers, never on their timing.
"""

import asyncio
import hashlib
from collections.abc import Sequence

import msgspec
import numpy as np

from ryumon.engines.base import Engine
from ryumon.engines.messages import Describe, Described, Evaluate, Evaluated, Seen
from ryumon.errors import TaskError
from ryumon.evaluation.stages import Screen, View
from ryumon.program import Program
from ryumon.score import CaseResult, Status, mean_score
from ryumon.task import Split, TaskFolder, derived_seed, repeat_seed

STRICT_PATIENCE = 4.0
UNDECIDED: frozenset[Status] = frozenset({"cpu_limit", "wall_limit", "evaluator_timeout", "evaluator_error"})


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a program was found to be worth. `results` and `behaviours` have an entry for each case that scored.

    Of a noisy task, `repeats` has the scores on each repeat but the first, by case, where it was measured on more than
    that one, and `raced` the score that they gave it.
    """

    status: Status
    results: tuple[CaseResult, ...] = ()
    reason: str = ""
    log: str = ""
    twin: str | None = None
    behaviours: tuple[bytes, ...] = ()
    probe: bytes = b""
    driven: bool = False
    cpu_s: float = 0.0
    asked: int = 0
    repeats: tuple[tuple[float, ...], ...] = ()
    raced: float | None = None

    @property
    def score(self) -> float | None:
        """The mean over all cases, or what a race found; None unless every case scored."""
        if self.status != "ok":
            return None
        return mean_score(self.results) if self.raced is None else self.raced


class Confirmed(msgspec.Struct, frozen=True):
    """What a second measurement says of a program: `ok`, `cheating`, `nondeterministic` or `unconfirmed`; why, and
    what it cost."""

    status: Status
    evidence: str = ""
    cpu_s: float = 0.0


class Evaluator:
    """Measures programs of one run on one task through an engine."""

    def __init__(self, engine: Engine, task: TaskFolder, seed: int) -> None:
        self._engine, self._task, self._seed = engine, task, seed
        self._noise = task.spec.noise
        self._known: dict[tuple[Split, int], Described] = {}

    @property
    def held_out(self) -> bool:
        """Returns whether validation and test have cases of their own."""
        return self._task.spec.splits == "three"

    async def case_ids(self, split: Split, seed: int) -> tuple[str, ...]:
        """Returns the ids of a split's cases; raises `TaskError` where the task cannot make them."""
        return (await self._described(split, seed)).cases

    async def redrawn(self, split: Split, seed: int) -> bool:
        """Returns whether a repeat of a split has cases of its own, or, so far as can be told, the same ones again."""
        first, second = [set((await self._described(split, repeat_seed(seed, k))).digests) for k in range(2)]
        return b"" not in first | second and first.isdisjoint(second)

    async def _described(self, split: Split, seed: int) -> Described:
        split, seed = self._place(split, seed)
        if (split, seed) not in self._known:
            answer = await self._engine.ask(Describe(0, split, seed))
            if not isinstance(answer, Described):
                raise TaskError(f"{self._task.path / 'task.py'}: {answer.reason}")
            self._known[split, seed] = answer
        return self._known[split, seed]

    async def seed(self) -> tuple[Measured, dict[str, Confirmed]]:
        """Returns what the task's seed is worth, confirmed; raises `TaskError` where it is of no use to start from."""
        measured = await self.seed_score()
        if self._noise is not None:
            measured = await self._seed_repeated(measured)
        outcome = await self.confirm(self._task.seed, measured)
        if outcome.status != "ok":
            raise TaskError(f"{self._task.path}: the seed is {outcome.status}: {outcome.evidence}")
        return measured, {self._task.seed.id: outcome}

    async def seed_score(self) -> Measured:
        """Returns what the task's seed is worth on train; raises `TaskError` where it does not score."""
        task, program = self._task, self._task.seed
        cases = await self.case_ids("train", self._seed)
        if task.spec.splits == "one" and len(cases) > 1:
            raise TaskError(f'{task.path}: splits = "one" is for one exact case, and train has {len(cases)}')
        screen = Screen(task.spec.direction, task.spec.stages, len(cases))
        measured = await self.train(program, screen, screen.view())
        if measured.status != "ok":
            said = measured.log.strip().splitlines()[-1:]
            reason = "; it printed: ".join([measured.reason, *said])
            raise TaskError(f"{task.path}: the seed does not score: {measured.status}: {reason}")
        return measured

    async def _seed_repeated(self, first: Measured) -> Measured:
        """Returns what a noisy task's seed is worth, with all of its repeats, which make the noise floor.

        Cases of its own on each repeat would put its mean on another scale than scores measured once: the score is
        that of the first then. On the same cases it is the mean of the others, like that of all who race.
        """
        assert self._noise is not None
        more = await self.repeats(self._task.seed, range(1, self._noise.repeats), strict=first.driven)
        if more.status != "ok":
            raise TaskError(f"{self._task.path}: the seed fails on a repeat: {more.status}: {more.reason}")
        mean = float(np.mean([score for row in more.repeats for score in row]))
        return msgspec.structs.replace(
            first,
            repeats=more.repeats,
            raced=None if await self.redrawn("train", self._seed) else mean,
            cpu_s=first.cpu_s + more.cpu_s,
            asked=first.asked + more.asked,
        )

    async def repeats(self, program: Program, numbers: range, *, strict: bool) -> Measured:
        """Returns the scores of a program on further repeats of train, up to the first that fails."""
        async with asyncio.TaskGroup() as group:
            reads = [
                group.create_task(self.read(program, "train", repeat_seed(self._seed, number), strict=strict))
                for number in numbers
            ]
        parts = [read.result() for read in reads]
        failed = next((part for part in parts if part.status != "ok"), None)
        whole = parts[: parts.index(failed)] if failed is not None else parts
        return Measured(
            status="ok" if failed is None else failed.status,
            reason="" if failed is None else failed.reason,
            log="" if failed is None else failed.log,
            repeats=tuple(tuple(result.score for result in part.results) for part in whole),
            cpu_s=sum(part.cpu_s for part in parts),
            asked=sum(part.asked for part in parts),
        )

    async def train(self, program: Program, screen: Screen, view: View) -> Measured:
        """Returns what the program is worth on the train cases: on the probe, then stage by stage."""
        found = Measured(status="ok")
        seen = None if self._noise is not None else lambda probe: screen.echo(view, probe) is not None
        for number, stage in enumerate(screen.stages):
            if number and screen.hopeless(view, number, found.results):
                return msgspec.structs.replace(found, status="dropped")
            if number == 1 and (twin := self._twin(screen, view, found)) is not None:
                return twin
            part = await self._measure(program, "train", self._seed, tuple(stage), seen=None if number else seen)
            found = _joined(found, part)
            if part.status == "echo":
                return msgspec.structs.replace(found, twin=screen.echo(view, part.probe))
            if part.status != "ok":
                return found
        if len(screen.stages) == 1:
            return self._twin(screen, view, found) or found
        return found

    def _twin(self, screen: Screen, view: View, found: Measured) -> Measured | None:
        """Returns what was found as a twin's, None where no earlier program made these claims."""
        elder = screen.twin(view, found.behaviours) if self._noise is None else None
        return None if elder is None else msgspec.structs.replace(found, status="twin", twin=elder)

    async def confirm(self, program: Program, fast: Measured) -> Confirmed:
        """Returns what a second measurement says of a program, on one of the train cases that `fast` has.

        On the strict path where the task drives. Where the task is noisy, claims and scores may differ, and all that
        is asked is whether the program still scores: its worth is for races and fresh repeats to find. Which case is
        drawn by the program's id and by all that it answered, so that it cannot know while it answers which one it will
        be asked about again.
        """
        if self._noise is not None and not fast.driven:
            return Confirmed("ok")
        answered = hashlib.blake2b(b"".join(fast.behaviours), digest_size=8).hexdigest()
        place = derived_seed(self._seed, f"confirm {program.id} {answered}") % len(fast.results)
        known = _Answer("ok", fast.results[place], fast.behaviours[place], "")
        strict, cpu_s = await self._again(program, place, strict=fast.driven)
        if self._alike(strict, known):
            return Confirmed("ok", cpu_s=cpu_s)
        evidence = f"case {place}: first {known}, then {strict}"
        if strict.status in UNDECIDED:
            return Confirmed("unconfirmed", evidence, cpu_s)
        strict_again, more = await self._again(program, place, strict=fast.driven)
        fast_again, still_more = await self._again(program, place, strict=False)
        cpu_s += more + still_more
        if fast.driven and self._alike(strict_again, strict) and self._alike(fast_again, known):
            return Confirmed("cheating", evidence + " on the strict path, each twice", cpu_s)
        differing: Status = "nondeterministic" if self._noise is None else "unconfirmed"
        return Confirmed(differing, f"{evidence}, then {strict_again} and {fast_again}", cpu_s)

    def _alike(self, one: "_Answer", other: "_Answer") -> bool:
        """Returns whether two measurements of one case agree, as far as the task's scores repeat at all."""
        if self._noise is not None:
            return one.status == other.status
        return one == other or (self._task.spec.unseparated and one.scores_as(other))

    async def read(self, program: Program, split: Split, seed: int, *, strict: bool = False) -> Measured:
        """Returns what the program is worth on all cases of a split, which is `train` for a task that has one split."""
        split, seed = self._place(split, seed)
        cases = tuple(range(len(await self.case_ids(split, seed))))
        if not strict or self._task.spec.reuse:
            return await self._measure(program, split, seed, cases, strict=strict)
        return await self._apart(program, split, seed, cases)

    async def _apart(self, program: Program, split: Split, seed: int, cases: Sequence[int]) -> Measured:
        """Measures on the strict path, each case by itself on whichever lane is free: such readings are long and few.

        What counts is what one after the other would have come to: nothing after the first that failed.
        """
        async with asyncio.TaskGroup() as group:
            parts = [group.create_task(self._measure(program, split, seed, (case,), strict=True)) for case in cases]
        found = Measured(status="ok")
        for part in parts:
            if found.status == "ok":
                found = _joined(found, part.result())
        return found

    def _place(self, split: Split, seed: int) -> tuple[Split, int]:
        """Returns where a split's cases are: those of an exact task's one split never change."""
        if self.held_out:
            return split, seed
        return "train", self._seed if self._noise is None else seed

    async def _again(self, program: Program, place: int, *, strict: bool) -> tuple["_Answer", float]:
        found = await self._measure(program, "train", self._seed, (place,), strict=strict)
        result, behaviour = (found.results[0], found.behaviours[0]) if found.status == "ok" else (None, b"")
        return _Answer(found.status, result, behaviour, found.reason), found.cpu_s

    async def _measure(
        self,
        program: Program,
        split: Split,
        seed: int,
        cases: Sequence[int],
        *,
        strict: bool = False,
        seen: Seen | None = None,
    ) -> Measured:
        """Measures on some cases, and before them on the probe where there is `seen` to ask about it.

        A case that hits its CPU limit is run once more, alone, at twice the limit.
        A held-out case has twice the limit at once: a program that runs out of it on purpose would meet the same case
        again, and what it has read of the machine's files tells a later child of it what it was asked.
        """
        found = Measured(status="ok")
        held_out = split != "train"
        patience = (STRICT_PATIENCE if strict else 1.0) * (2 if held_out else 1)
        request = Evaluate(
            id=0,
            files=program.files,
            split=split,
            seed=seed,
            cases=tuple(cases),
            probe=seen is not None,
            strict=strict,
            patience=patience,
            last=held_out,
        )
        while request.cases and found.status == "ok":
            part = await self._asked(request, seen=seen)
            request = msgspec.structs.replace(request, probe=False)
            done = len(part.results)
            if part.status == "cpu_limit" and not request.last:
                found = _joined(found, msgspec.structs.replace(part, status="ok"))
                slow = request.cases[done : done + 1]
                part = await self._asked(
                    msgspec.structs.replace(request, cases=slow, patience=2 * patience, last=True), alone=True
                )
                done += 1
            found = _joined(found, part)
            request = msgspec.structs.replace(request, cases=request.cases[done:])
        return found

    async def _asked(self, request: Evaluate, *, alone: bool = False, seen: Seen | None = None) -> Measured:
        alone = alone or (self._noise is not None and self._noise.alone)
        answer = await self._engine.ask(request, alone=alone, seen=seen)
        if not isinstance(answer, Evaluated):
            raise TaskError(f"{self._task.path / 'task.py'}: {getattr(answer, 'reason', 'no answer')}")
        return Measured(
            status=answer.status,
            results=answer.results,
            reason=answer.reason,
            log=answer.log,
            behaviours=answer.behaviours,
            probe=answer.probe,
            driven=answer.driven,
            cpu_s=answer.cpu_s,
            asked=len(answer.results) + (answer.status not in ("ok", "echo")),
        )


def _joined(first: Measured, then: Measured) -> Measured:
    return Measured(
        status=then.status,
        results=first.results + then.results,
        reason=then.reason,
        log=then.log or first.log,
        behaviours=first.behaviours + then.behaviours,
        probe=first.probe or then.probe,
        driven=first.driven or then.driven,
        cpu_s=first.cpu_s + then.cpu_s,
        asked=first.asked + then.asked,
    )


class _Answer(msgspec.Struct, frozen=True):
    """What one measurement of one case came to."""

    status: Status
    result: CaseResult | None
    behaviour: bytes
    reason: str

    def scores_as(self, other: "_Answer") -> bool:
        """Returns whether both scored the same; what else an evaluator beside its candidate says may be a time."""
        if self.result is None or other.result is None:
            return False
        return self.result.score == other.result.score

    def __str__(self) -> str:
        score = f"{self.result.score!r} ({self.behaviour.hex()[:8]})" if self.result is not None else self.reason
        return score if self.status == "ok" else f"{self.status}: {self.reason}"
