"""Cheats for programs of a language that none can be planted in: a line of shell stands in for the task's command.

An output that is refused, or scores no better than the honest seed, is what `ryumon check` wants to see.
"""

import msgspec

from ryumon.engines.local import LocalEngine
from ryumon.engines.messages import Evaluate, Evaluated
from ryumon.errors import TaskError
from ryumon.evaluation.trial import Finding
from ryumon.sandbox import Tier
from ryumon.score import better, mean_score
from ryumon.task import TaskFolder

WORDS = 160
# None of them starts a process of its own: a task may allow the program alone.
OUTPUTS = {
    "prints a word": "echo best",
    "prints nothing": ":",
    "prints its input": "exec cat",
    "prints NaN": "echo nan",
    "prints infinity": "echo inf",
    "prints minus infinity": "echo -inf",
    "prints a huge number": "echo 1e99",
    "prints a hugely negative number": "echo -1e99",
    "prints without end": "while :; do echo 0; done",
}
_NO_NUMBER = "the evaluator's score is"  # a check of the worker: such an answer does not score


async def stood_in(task: TaskFolder, tier: Tier, seed: int) -> list[Finding]:
    """Returns what became of each output; nothing where the task never runs its program by the task's command."""
    if task.spec.limits.processes < 2:
        return []
    honest = await _measured(task, tier, seed)
    outcomes: list[Finding] = []
    for name, line in OUTPUTS.items():
        spec = msgspec.structs.replace(task.spec, run=("sh", "-c", line), build=None)
        found = await _measured(msgspec.structs.replace(task, spec=spec), tier, seed)
        if not outcomes and found.behaviours == honest.behaviours:
            return []  # a word of ours made no difference
        outcomes.append(Finding(f"planted: {name}", *_judged(task, honest, found)))
    return outcomes


async def _measured(task: TaskFolder, tier: Tier, seed: int) -> Evaluated:
    spec = msgspec.structs.replace(task.spec, worst_score=None)
    engine = LocalEngine(msgspec.structs.replace(task, spec=spec), tier, 1)
    try:
        first = Evaluate(id=0, files=task.seed.files, split="train", seed=seed, cases=(0,), last=True)
        answer = await engine.ask(first)
    finally:
        engine.close()
    if not isinstance(answer, Evaluated):
        raise TaskError(f"{task.path / 'task.py'}: {getattr(answer, 'reason', 'no answer')}")
    return answer


def _judged(task: TaskFolder, honest: Evaluated, found: Evaluated) -> tuple[bool, str]:
    """Returns whether an output gained nothing, and how that shows."""
    reason = (found.reason.splitlines() or [""])[0][:WORDS]
    if found.status == "evaluator_error" and not found.reason.startswith(_NO_NUMBER):
        return False, f"crashed the evaluator: {reason}; read outputs with claims.numbers, or raise claims.InvalidClaim"
    if found.status != "ok":
        return True, f"refused: {found.status}: {reason}"
    ours, base = mean_score(found.results), mean_score(honest.results)
    scores = f"scores {ours:.6g}, the seed {base:.6g}"
    if better(task.spec.direction, ours, base):
        return False, f"{scores}; check the output in evaluate"
    return True, f"{scores}: no better"
