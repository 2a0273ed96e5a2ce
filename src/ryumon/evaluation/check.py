"""What `ryumon check` looks at: does a task's seed score, and repeat; are its cases sound; do cheats gain anything?

The cheats that are planted suit the task: what it asks of a program, and what its seed answers, is scouted first.
"""

import msgspec

from ryumon.engines.local import LocalEngine
from ryumon.engines.messages import Answer, Describe, Described
from ryumon.errors import TaskError
from ryumon.evaluation import cheats
from ryumon.evaluation.cheats import Cheat
from ryumon.evaluation.evaluator import Evaluator
from ryumon.evaluation.outputs import OUTPUTS, printed
from ryumon.evaluation.scout import Shape
from ryumon.evaluation.stand_ins import stood_in
from ryumon.evaluation.tolerance import tolerance
from ryumon.evaluation.trial import Finding, Trial
from ryumon.sandbox import Tier
from ryumon.score import LEAST_CASES, noise_floor
from ryumon.task import SPLITS, Split, TaskFolder, repeat_seed

REPEATS = 3

UNSEPARATED = "the evaluator runs beside the candidate, which can forge its score; split it as docs/adopting.md shows"


class Report(msgspec.Struct, frozen=True):
    """What `check` found; `passed` where every finding did."""

    task: str
    passed: bool
    findings: tuple[Finding, ...]


async def examined(task: TaskFolder, tier: Tier, seed: int) -> Report:
    """Returns what a check of `task` finds; raises `TaskError` where the seed does not score at all."""
    strict_spec = msgspec.structs.replace(task.spec, worst_score=None)  # a refused cheat is to show as refused
    engine = LocalEngine(msgspec.structs.replace(task, spec=strict_spec), tier, 1)
    try:
        evaluator = Evaluator(engine, task, seed)
        measured = await evaluator.seed_score()
        confirmed = await evaluator.confirm(task.seed, measured)
        findings = [Finding("seed", True, f"scores {measured.score:.6g} on {len(measured.results)} train cases")]
        found = "agrees with the first measurement" if confirmed.status == "ok" else confirmed.evidence
        findings.append(Finding("seed, measured again", confirmed.status == "ok", found))
        findings += await _cases(engine, task, tier, seed)
        findings += [await _split(evaluator, task, split, seed) for split in _others(task)]
        findings.append(await _noise(evaluator, task, seed))
        if task.spec.noise is not None:
            findings.append(await _evidence(evaluator, task, seed))
        if task.spec.unseparated:
            findings.append(Finding("separated", False, UNSEPARATED))
        elif task.spec.language == "python":
            findings += await _planted(Trial(engine, evaluator, task, seed, measured), task)
        else:
            nothing = Finding("planted", True, f"nothing: the command of {task.spec.language} is not the task's own")
            findings += await stood_in(task, tier, seed) or [nothing]
    finally:
        engine.close()
    return Report(task.spec.name, all(finding.passed for finding in findings), tuple(findings))


def _others(task: TaskFolder) -> tuple[Split, ...]:
    return () if task.spec.splits == "one" else SPLITS[1:]


async def _split(evaluator: Evaluator, task: TaskFolder, split: Split, seed: int) -> Finding:
    found = await evaluator.read(task.seed, split, seed)
    if found.score is None:
        return Finding(f"seed on {split}", False, f"{found.status}: {found.reason}")
    return Finding(f"seed on {split}", True, f"scores {found.score:.6g} on {len(found.results)} cases")


async def _noise(evaluator: Evaluator, task: TaskFolder, seed: int) -> Finding:
    if task.spec.noise is not None:
        return await _declared_noise(evaluator, task, seed, task.spec.noise.repeats)
    scores = [(await evaluator.read(task.seed, "train", seed)).score for _ in range(REPEATS)]
    known = [score for score in scores if score is not None]
    if len(known) < REPEATS:
        return Finding("noise floor", False, f"{REPEATS - len(known)} of {REPEATS} repeats of the seed failed")
    spread = max(known) - min(known)
    said = "0: the score repeats exactly" if spread == 0 else f"{spread:.3g} over {REPEATS} repeats; it must be 0"
    return Finding("noise floor", spread == 0, said)


async def _planted(trial: Trial, task: TaskFolder) -> list[Finding]:
    """Returns what became of every cheat that suits the task."""
    if task.spec.noise is not None:
        await trial.settle()
    shape = await trial.shape()
    if not shape.asked:
        return await _printing(trial, task)
    findings = [Finding("what is asked", True, str(shape))]
    chosen = (*cheats.ANSWERS, *(() if shape.many else cheats.WHOLE_ANSWERS), *cheats.ACTS)
    findings += [await trial.cheat(cheat) for cheat in chosen if _suits(cheat, shape)]
    findings += [await trial.believed(number) for number in (1e9, -1e9)]
    if not shape.driven:
        findings.append(await tolerance(trial, task, shape))
    else:
        findings += [await trial.cheat(cheat) for cheat in cheats.DRIVEN_ACTS]
    if task.spec.noise is None:
        findings.append(await trial.reseeding())
        findings += [await trial.peeking(), await trial.scribbling()] if shape.driven else []
    if task.spec.splits == "three":
        findings.append(await trial.memorising(shape))
    return findings


async def _printing(trial: Trial, task: TaskFolder) -> list[Finding]:
    """Returns what became of every cheat of a program that is run, not called."""
    made = [(cheat, printed(task, cheat.body)) for cheat in OUTPUTS]
    findings = [await trial.judged(cheat, program) for cheat, program in made if program is not None]
    said = "what the program prints" if findings else "nothing that a cheat could be planted in"
    return [Finding("what is asked", True, said), *findings]


def _suits(cheat: Cheat, shape: Shape) -> bool:
    return not cheat.kinds or bool(cheat.kinds & shape.kinds)


async def _declared_noise(evaluator: Evaluator, task: TaskFolder, seed: int, repeats: int) -> Finding:
    found = [await evaluator.read(task.seed, "train", repeat_seed(seed, repeat)) for repeat in range(repeats)]
    failed = [part for part in found if part.status != "ok"]
    if failed:
        return Finding(
            "noise floor", False, f"{len(failed)} of {repeats} repeats of the seed failed: {failed[0].reason}"
        )
    floor = noise_floor([[result.score for result in part.results] for part in found])
    if floor == 0:
        said = "0: every repeat scores the same; [noise] only costs repeats, or `cases` leaves its seed unused"
        return Finding("noise floor", True, said)
    return Finding("noise floor", True, f"{floor:.3g}, the standard deviation over {repeats} repeats of the seed")


async def _evidence(evaluator: Evaluator, task: TaskFolder, seed: int) -> Finding:
    """Returns whether a verdict can be more than `no evidence`: it needs that many scores to pair."""
    assert task.spec.noise is not None
    cases, repeats = len(await evaluator.case_ids("test", seed)), task.spec.noise.repeats
    redrawn = cases == 1 or await evaluator.redrawn("test", seed)
    count = cases * repeats if redrawn else cases
    said = f"the verdict pairs {count} scores"
    return Finding("evidence", count >= LEAST_CASES, f"{said}; it needs {LEAST_CASES}" if count < LEAST_CASES else said)


async def _cases(engine: LocalEngine, task: TaskFolder, tier: Tier, seed: int) -> list[Finding]:
    """Returns whether another process makes the same cases, and whether no case stands in two splits."""
    splits = SPLITS if task.spec.splits == "three" else SPLITS[:1]
    first = [await engine.ask(Describe(0, split, seed)) for split in splits]
    again = LocalEngine(task, tier, 1)
    try:
        second = [await again.ask(Describe(0, split, seed)) for split in splits]
    finally:
        again.close()
    differing = [split for split, a, b in zip(splits, first, second, strict=True) if _said(a) != _said(b)]
    digests = [digest for answer in first for digest in set(_said(answer)[1]) if digest]
    shared = len(digests) - len(set(digests))
    return [
        Finding(
            "cases repeat",
            not differing,
            f"differ between two processes: {', '.join(differing)}; draw from the seed alone"
            if differing
            else "they do",
        ),
        Finding(
            "splits are disjoint",
            shared == 0,
            f"{shared} cases stand in two splits; mix the split into the seed" if shared else "no case in two of them",
        ),
    ]


def _said(answer: Answer) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    if not isinstance(answer, Described):
        raise TaskError(f"task.py: {getattr(answer, 'reason', 'no answer')}")
    return answer.cases, answer.digests
