"""What `ryumon check` looks at: does a task's seed score, how noisy is it, does its evaluator refuse bad answers?"""

import msgspec

from ryumon.engines.local import LocalEngine
from ryumon.engines.messages import Answer, Describe, Described
from ryumon.errors import TaskError
from ryumon.evaluation.evaluator import Evaluator
from ryumon.program import Program
from ryumon.sandbox import Tier
from ryumon.score import LEAST_CASES, noise_floor
from ryumon.task import SPLITS, Split, TaskFolder, repeat_seed

REPEATS = 3

# Appended to each editable Python file: every function defined there answers with what is planted. `_honest` is what
# the function itself would have said.
_CHEAT = """

def _spoiled(value):
    import numpy
    if isinstance(value, float):
        return float("nan")
    array = numpy.array(value, dtype=float)
    array.reshape(-1)[:1] = float("nan")
    return array if isinstance(value, numpy.ndarray) else array.tolist()


def _planted(_honest):
    return lambda *args, **kwargs: {answer}


for _name, _value in list(globals().items()):
    if getattr(_value, "__module__", None) == __name__ and callable(_value) and _name not in ("_spoiled", "_planted"):
        globals()[_name] = _planted(_value)
"""
CHEATS = {
    "its own answer with a NaN in it": "_spoiled(_honest(*args, **kwargs))",
    "NaN": "float('nan')",
    "infinity": "float('inf')",
    "an array of NaN": "__import__('numpy').full(8, float('nan'))",
    "nothing": "None",
    "a word": "'best'",
    "an empty list": "[]",
    "an endless list": "[0.0] * 10_000_000",
    "a number that lies about itself": "type('Liar', (float,), {'__eq__': lambda s, o: True, '__lt__': "
    "lambda s, o: True, '__gt__': lambda s, o: True, '__float__': lambda s: 1e9})(float('nan'))",
}

UNSEPARATED = "the evaluator runs beside the candidate, which can forge its score; split it as docs/adopting.md shows"


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    what: str
    passed: bool
    found: str


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
            findings += [await _cheat(evaluator, task, seed, name, answer) for name, answer in CHEATS.items()]
            findings += [await _trusted(evaluator, task, seed, number) for number in (1e9, -1e9)]
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


async def _trusted(evaluator: Evaluator, task: TaskFolder, seed: int, number: float) -> Finding:
    found = await evaluator.read(_cheating(task, repr(number)), "train", seed)
    trusted = found.score is not None and abs(found.score) == abs(number)
    said = "is taken for the score; compute the score in evaluate" if trusted else "is not taken for the score"
    return Finding(f"planted: the number {number:g}", not trusted, said)


def _cheating(task: TaskFolder, answer: str) -> Program:
    files = dict(task.seed.files)
    for path in task.spec.editable:
        if path.endswith(".py"):
            files[path] += _CHEAT.replace("{answer}", answer)
    return Program(files)


async def _cheat(evaluator: Evaluator, task: TaskFolder, seed: int, name: str, answer: str) -> Finding:
    found = await evaluator.read(_cheating(task, answer), "train", seed)
    advice = "check it in evaluate, or in the driver" if task.drivers else "check claims before use"
    if found.status == "evaluator_error":
        return Finding(f"planted: {name}", False, f"crashed the evaluator: {found.reason}; {advice}")
    refused = found.status != "ok"
    said = f"refused: {found.status}: {found.reason}" if refused else f"scored {found.score!r}; {advice}"
    return Finding(f"planted: {name}", refused, said)
