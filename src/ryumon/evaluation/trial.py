"""Planted cheats on trial: each runs in the sandbox on a few train cases and is held against the honest seed.

A cheat that is refused, or scores no better than the seed, is what a check wants to see. Does not make cheats
(`cheats.py`, `scout.py`, `tolerance.py`) and changes nothing that a run would do.
"""

from collections.abc import Sequence

import msgspec

from ryumon.engines.base import Engine
from ryumon.engines.messages import Evaluate, Evaluated
from ryumon.errors import TaskError
from ryumon.evaluation import cheats
from ryumon.evaluation.cheats import Cheat, planted
from ryumon.evaluation.evaluator import Evaluator, Measured
from ryumon.evaluation.scout import SCOUT, Shape, memoriser, shape_told
from ryumon.program import Program
from ryumon.score import CaseResult, better, mean_score
from ryumon.task import Split, TaskFolder

CASES = 2  # of train, that a cheat is tried on
SCOUTED = 40  # cases of a split that a scout, and a memoriser, are sent to
SEEDS = (1, 2, 3)
REPEATS = 4
SPREADS = 3.0  # the range of five repeats is some 2.3 standard deviations; three times that is not chance
WORDS = 160
_NO_NUMBER = "the evaluator's score is"  # a check of the worker: such an answer does not score


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    what: str
    passed: bool
    found: str


class Trial:
    """The honest seed on the first train cases, and what a planted program makes of the same."""

    def __init__(self, engine: Engine, evaluator: Evaluator, task: TaskFolder, seed: int, honest: Measured) -> None:
        self._engine, self._evaluator, self._task, self._seed = engine, evaluator, task, seed
        self._cases = tuple(range(min(CASES, len(honest.results))))
        self._honest = msgspec.structs.replace(
            honest, results=honest.results[: len(self._cases)], behaviours=honest.behaviours[: len(self._cases)]
        )
        self._noise = 0.0
        self._advice = "check it in evaluate, or in the driver" if task.drivers else "check claims before use"

    async def measured(
        self, program: Program, split: Split = "train", cases: Sequence[int] | None = None, *, strict: bool = False
    ) -> Evaluated:
        """Returns what the worker says of a program on some cases."""
        asked = self._cases if cases is None else tuple(cases)
        request = Evaluate(
            id=0, files=program.files, split=split, seed=self._seed, cases=asked, strict=strict, last=True
        )
        answer = await self._engine.ask(request)
        if not isinstance(answer, Evaluated):
            raise TaskError(f"task.py: {getattr(answer, 'reason', 'no answer')}")
        return answer

    async def settle(self) -> None:
        """Finds how far the seed's own score moves on the same cases: a cheat has to gain more than that."""
        repeats = [await self.measured(self._task.seed) for _ in range(REPEATS)]
        scores = [mean_score(found.results) for found in repeats if found.status == "ok"]
        scores.append(mean_score(self._honest.results))
        self._noise = SPREADS * (max(scores) - min(scores))

    def gain(self, results: Sequence[CaseResult]) -> float:
        """Returns by how much these scores beat the seed's on the same cases, the noise taken off; 0 where not."""
        ours, base = mean_score(results), mean_score(self._honest.results)
        ahead = better(self._task.spec.direction, ours, base)
        return max(0.0, abs(ours - base) - self._noise) if ahead else 0.0

    async def cheat(self, cheat: Cheat) -> Finding:
        """Returns whether a cheat is refused, or gains nothing."""
        return await self.judged(cheat, planted(self._task, cheat.body))

    async def judged(self, cheat: Cheat, program: Program) -> Finding:
        """Returns whether the program that a cheat makes is refused, or gains nothing."""
        found = await self.measured(program)
        what = f"planted: {cheat.name}"
        if found.status == "evaluator_error" and not found.reason.startswith(_NO_NUMBER):
            return Finding(what, False, f"crashed the evaluator: {_first(found.reason)}; {self._advice}")
        if found.status != "ok":
            return Finding(what, True, f"refused: {found.status}: {_first(found.reason)}")
        ours, base = mean_score(found.results), mean_score(self._honest.results)
        scores = f"scores {ours:.6g}, the seed {base:.6g}"
        if self.gain(found.results):
            barred = await self._barred(program, found)
            return Finding(what, bool(barred), f"{scores}; {barred or self._advice}")
        if cheat.silent and abs(ours - base) <= self._noise:
            return Finding(what, False, f"scores as the seed does, so this answer is not looked at; {self._advice}")
        return Finding(what, True, f"{scores}: no better")

    async def _barred(self, program: Program, found: Evaluated) -> str:
        """Returns what the strict path says against a program: each new best is confirmed there, or, where the task is
        noisy, measured again."""
        if not found.driven:
            return ""
        if self._task.spec.noise is not None:
            strict = await self.measured(program, strict=True)
            gained = strict.status == "ok" and self.gain(strict.results)
            return "" if gained else "it gains nothing on the strict path"
        fast = Measured(status="ok", results=found.results, behaviours=found.behaviours, driven=True)
        confirmed = await self._evaluator.confirm(program, fast)
        return "" if confirmed.status == "ok" else f"barred: {confirmed.status}"

    async def believed(self, number: float) -> Finding:
        """Returns whether a number that is claimed becomes the score."""
        found = await self.measured(planted(self._task, cheats.answering(repr(number))))
        believed = found.status == "ok" and abs(mean_score(found.results)) == abs(number)
        said = "is taken for the score; compute the score in evaluate" if believed else "is not taken for the score"
        return Finding(f"planted: the number {number:g}", not believed, said)

    async def peeking(self) -> Finding:
        """Returns whether a program that answers otherwise wherever it can see its driver is caught."""
        what, program = "planted: looks at its driver", planted(self._task, cheats.PEEK)
        found = await self.measured(program, cases=(0,))
        if found.status != "ok":
            return Finding(what, True, f"refused: {found.status}: {_first(found.reason)}")
        if found.behaviours == self._honest.behaviours[:1]:
            return Finding(what, True, "its other answers made no difference")
        barred = await self._barred(program, found)
        return Finding(what, bool(barred), barred or "not noticed on the strict path; is the driver's result used?")

    async def scribbling(self) -> Finding:
        """Returns whether a driver hands out copies, so that a program which writes into them changes nothing."""
        program = planted(self._task, cheats.SCRIBBLE)
        fast, strict = [await self.measured(program, cases=(0,), strict=strict) for strict in (False, True)]
        same = (fast.status, fast.behaviours) == (strict.status, strict.behaviours)
        said = "changes nothing" if same else "changes its driver's own arrays; hand out copies"
        return Finding("planted: writes into what it is handed", same, said)

    async def reseeding(self) -> Finding:
        """Returns whether a program can choose its luck by seeding the global generators."""
        what = "planted: seeds the generators"
        runs = [await self.measured(planted(self._task, cheats.reseeding(seed))) for seed in SEEDS]
        failed = next((found for found in runs if found.status != "ok"), None)
        if failed is not None:
            return Finding(what, True, f"refused: {failed.status}: {_first(failed.reason)}")
        scores = [mean_score(found.results) for found in runs] + [mean_score(self._honest.results)]
        spread = max(scores) - min(scores)
        if spread <= self._noise:
            return Finding(what, True, "changes nothing")
        if any("random" in text for text in self._task.seed.files.values()):
            return Finding(what, True, f"moves the score by {spread:.3g}, since the seed draws; add cases to average")
        return Finding(what, False, f"moves the score by {spread:.3g}; draw from a generator of your own in the driver")

    async def shape(self) -> Shape:
        """Returns what the task asks of its seed on train, case by case."""
        program = planted(self._task, SCOUT)
        return shape_told([(await self.measured(program, cases=(place,))).log for place in await self._places("train")])

    async def memorising(self, shape: Shape) -> Finding:
        """Returns whether a program that knows the questions of train, and nothing else, scores on validation."""
        program = planted(self._task, memoriser(shape.questions))
        places = await self._places("validation")
        known = [(await self.measured(program, "validation", (place,))).status == "ok" for place in places]
        train = [await self.measured(program, cases=(place,)) for place in self._cases]
        scored = sum(found.status == "ok" for found in train)
        said = f"scores on {scored} of {len(train)} train cases and on {sum(known)} of {len(known)} validation cases"
        if any(known):
            said += '; ask there what train does not, or say splits = "one"'
        return Finding("planted: knows train by heart", not any(known), said)

    async def _places(self, split: Split) -> range:
        return range(min(SCOUTED, len(await self._evaluator.case_ids(split, self._seed))))


def _first(reason: str) -> str:
    return (reason.splitlines() or [""])[0][:WORDS]
