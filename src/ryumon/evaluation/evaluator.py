"""How a program earns its score: stages, the second chance after a CPU limit, confirmation, and sealed readings.

Runs in the supervisor and only passes program text on; what it decides depends on answers, never on their timing.
"""

from collections.abc import Sequence

import msgspec

from ryumon.engines.base import Engine
from ryumon.engines.messages import Describe, Described, Evaluate, Evaluated
from ryumon.errors import TaskError
from ryumon.evaluation.stages import Screen, View
from ryumon.program import Program
from ryumon.score import CaseResult, Status, mean_score
from ryumon.task import Split, TaskFolder

STRICT_PATIENCE = 4.0


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a program was found to be worth. `behaviours` has a digest for each case of the first stage."""

    status: Status
    results: tuple[CaseResult, ...] = ()
    reason: str = ""
    log: str = ""
    twin: str | None = None
    behaviours: tuple[bytes, ...] = ()
    driven: bool = False
    cpu_s: float = 0.0
    asked: int = 0

    @property
    def score(self) -> float | None:
        """The mean over all cases; None unless every one scored."""
        return mean_score(self.results) if self.status == "ok" else None


class Confirmed(msgspec.Struct, frozen=True):
    """What the strict path says of a program (`ok`, `cheating`, `nondeterministic`), why, and what that cost."""

    status: Status
    evidence: str = ""
    cpu_s: float = 0.0


class Evaluator:
    """Measures programs of one run on one task through an engine."""

    def __init__(self, engine: Engine, task: TaskFolder, seed: int) -> None:
        self._engine, self._task, self._seed = engine, task, seed

    async def case_ids(self, split: Split, seed: int) -> tuple[str, ...]:
        """Returns the ids of a split's cases; raises `TaskError` where the task cannot make them."""
        answer = await self._engine.ask(Describe(0, split, seed))
        if not isinstance(answer, Described):
            raise TaskError(f"{self._task.path / 'task.py'}: {answer.reason}")
        return answer.cases

    async def seed(self) -> tuple[Measured, dict[str, Confirmed]]:
        """Returns what the task's seed is worth, and its confirmation; raises `TaskError` where it does not score."""
        task, program = self._task, self._task.seed
        cases = await self.case_ids("train", self._seed)
        screen = Screen(task.spec.direction, task.spec.stages, len(cases))
        measured = await self.train(program, screen, screen.view())
        if measured.status != "ok":
            said = measured.log.strip().splitlines()[-1:]
            reason = "; it printed: ".join([measured.reason, *said])
            raise TaskError(f"{task.path}: the seed does not score: {measured.status}: {reason}")
        if not measured.driven:
            return measured, {}
        outcome = await self.confirm(program, measured)
        if outcome.status != "ok":
            raise TaskError(f"{task.path}: the seed is {outcome.status}: {outcome.evidence}")
        return measured, {program.id: outcome}

    async def train(self, program: Program, screen: Screen, view: View) -> Measured:
        """Returns what the program is worth on the train cases, stage by stage."""
        found = Measured(status="ok")
        for number, stage in enumerate(screen.stages):
            if number and screen.hopeless(view, number, found.results):
                return msgspec.structs.replace(found, status="dropped")
            if number == 1 and (twin := screen.twin(view, found.behaviours)) is not None:
                return msgspec.structs.replace(found, status="twin", twin=twin)
            part = await self._measure(program, "train", self._seed, tuple(stage))
            found = _joined(found, part, keep_behaviours=number == 0)
            if part.status != "ok":
                break
        return found

    async def confirm(self, program: Program, fast: Measured) -> Confirmed:
        """Returns what the strict path says of a program whose first train case was measured as `fast`."""
        strict = await self._first(program, strict=True)
        if _same(strict, fast):
            return Confirmed("ok", cpu_s=strict.cpu_s)
        again, fast_again = await self._first(program, strict=True), await self._first(program, strict=False)
        cpu_s = strict.cpu_s + again.cpu_s + fast_again.cpu_s
        evidence = f"fast path {_told(fast)}, strict path {_told(strict)}"
        if _same(again, strict) and _same(fast_again, fast):
            return Confirmed("cheating", evidence + ", each twice", cpu_s)
        evidence += f"; repeated: fast {_told(fast_again)}, strict {_told(again)}"
        return Confirmed("nondeterministic", evidence, cpu_s)

    async def read(self, program: Program, split: Split, seed: int) -> Measured:
        """Returns what the program is worth on all cases of a sealed split."""
        cases = tuple(range(len(await self.case_ids(split, seed))))
        return await self._measure(program, split, seed, cases)

    async def _first(self, program: Program, *, strict: bool) -> Measured:
        patience = STRICT_PATIENCE if strict else 1.0
        return await self._measure(program, "train", self._seed, (0,), strict=strict, patience=patience)

    async def _measure(
        self,
        program: Program,
        split: Split,
        seed: int,
        cases: Sequence[int],
        *,
        strict: bool = False,
        patience: float = 1.0,
    ) -> Measured:
        """Measures on some cases; a case that hits its CPU limit is run once more, alone, at twice the limit."""
        found = Measured(status="ok")
        request = Evaluate(
            id=0, files=program.files, split=split, seed=seed, cases=tuple(cases), strict=strict, patience=patience
        )
        while request.cases and found.status == "ok":
            part = await self._asked(request)
            done = len(part.results)
            if part.status == "cpu_limit":
                found = _joined(found, msgspec.structs.replace(part, status="ok"))
                slow = request.cases[done : done + 1]
                part = await self._asked(
                    msgspec.structs.replace(request, cases=slow, patience=2 * patience), alone=True
                )
                done += 1
            found = _joined(found, part)
            request = msgspec.structs.replace(request, cases=request.cases[done:])
        return found

    async def _asked(self, request: Evaluate, *, alone: bool = False) -> Measured:
        answer = await self._engine.ask(request, alone=alone)
        if not isinstance(answer, Evaluated):
            raise TaskError(f"{self._task.path / 'task.py'}: {getattr(answer, 'reason', 'no answer')}")
        return Measured(
            status=answer.status,
            results=answer.results,
            reason=answer.reason,
            log=answer.log,
            behaviours=answer.behaviours,
            driven=answer.driven,
            cpu_s=answer.cpu_s,
            asked=len(answer.results) + (answer.status != "ok"),
        )


def _joined(first: Measured, then: Measured, *, keep_behaviours: bool = True) -> Measured:
    return Measured(
        status=then.status,
        results=first.results + then.results,
        reason=then.reason,
        log=then.log or first.log,
        behaviours=first.behaviours + (then.behaviours if keep_behaviours else ()),
        driven=first.driven or then.driven,
        cpu_s=first.cpu_s + then.cpu_s,
        asked=first.asked + then.asked,
    )


def _same(a: Measured, b: Measured) -> bool:
    """Returns whether two measurements agree on the first case: its result, and the digest of what was claimed."""
    return (a.status, a.results[:1], a.behaviours[:1]) == (b.status, b.results[:1], b.behaviours[:1])


def _told(found: Measured) -> str:
    if found.status != "ok":
        return f"{found.status}: {found.reason}"
    return f"{found.results[0].score!r} ({found.behaviours[0].hex()[:8]})"
