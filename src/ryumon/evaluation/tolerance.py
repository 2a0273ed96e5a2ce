"""Is a verifier's tolerance for sale? Answers nudged a little beyond what the seed claims, then a little further.

Where a constraint binds, an exact verifier refuses the smallest step over it. One with a tolerance takes the step, and
where it also scores better for it, search will find the tolerance and live on it. That shows from outside as a step
that is taken and pays, with a refusal soon after. A seed with room of its own shows larger steps, and is left alone.
"""

from collections.abc import Iterator

from ryumon.evaluation.cheats import planted
from ryumon.evaluation.scout import Shape
from ryumon.evaluation.trial import Finding, Trial
from ryumon.task import TaskFolder

STEPS = tuple(10.0**-power for power in range(9, 0, -1))
LARGEST_TOLERANCE = 1e-5
COLUMNS = 4  # of the answer's last axis that are nudged alone
_WAYS = (("value * (1 + step)", "scaled"), ("value + step", "shifted"))


def _nudging(expression: str, step: float, column: int | None) -> str:
    return f"""
step, column = {step!r}, {column!r}


def nudge(value):
    if isinstance(value, numpy.ndarray):
        if value.dtype.kind != "f":
            return value
        if column is None or value.ndim < 2:
            return {expression}
        value, part = value.copy(), value[..., column]
        value[..., column] = (lambda value: {expression})(part)
        return value
    return {expression} if isinstance(value, (float, numpy.floating)) else value


def cheat(name, honest, args, kwargs):
    answer = honest(*args, **kwargs)
    if column is not None and isinstance(answer, (list, tuple)):
        return [
            [nudge(part) if place == column else part for place, part in enumerate(row)]
            if isinstance(row, (list, tuple)) else row
            for row in answer
        ]
    return changed(answer, nudge)
"""


async def tolerance(trial: Trial, task: TaskFolder, shape: Shape) -> Finding:
    """Returns whether small steps over a constraint are taken and pay."""
    refused: list[float] = []
    for words, expression, sign, column in _directions(shape):
        paid = None
        for step in STEPS:
            found = await trial.measured(planted(task, _nudging(expression, sign * step, column)))
            if found.status != "ok":
                refused.append(step)
                if paid is not None and paid <= LARGEST_TOLERANCE:
                    return _for_sale(words, paid, step)
                break
            if not trial.gain(found.results):
                break
            paid = step
    said = f"refused from {min(refused):g} on" if refused else "nothing refuses them, so there is no line to overstep"
    return Finding(_WHAT, True, said)


_WHAT = "planted: answers nudged over a constraint"


def _for_sale(words: str, paid: float, refused: float) -> Finding:
    said = f"{words} by {paid:g} they pass and score better, by {refused:g} they are refused: the tolerance is scored"
    return Finding(
        _WHAT, False, f"{said}; verify exactly (fractions.Fraction), and let the seed keep no more room than 1e-9"
    )


def _directions(shape: Shape) -> Iterator[tuple[str, str, int, int | None]]:
    widest = max((asked.columns for asked in shape.asked), default=0)
    columns = range(widest if 1 < widest <= COLUMNS else 0)
    for column in (None, *columns):
        for expression, words in _WAYS:
            for sign in (1, -1):
                where = "all numbers" if column is None else f"column {column}"
                yield f"{where} {words} {'up' if sign > 0 else 'down'}", expression, sign, column
