"""The records between a supervisor and an evaluator worker. Each answer carries the number of its request."""

import math
from collections.abc import Callable

import msgspec

from ryumon.score import CaseResult, Status
from ryumon.task import Split, TaskSpec


class Boot(msgspec.Struct, frozen=True, tag=True):
    """The first record a worker gets: the task it serves."""

    folder: str
    spec: TaskSpec
    drivers: str | None


class Describe(msgspec.Struct, frozen=True, tag=True):
    """Asks for the ids of a split's cases."""

    id: int
    split: Split
    seed: int


class Evaluate(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Asks what a program is worth on some cases, by position in their split.

    `probe`: the task's probe comes first, if it has one; the worker sends a `Probed` then, and waits for a `Proceed`.
    `strict` takes the strict path where the task drives; `patience` multiplies the time limits. `last` says that a CPU
    limit is final, so that a task's worst score may take the place of the case.
    """

    id: int
    files: dict[str, str]
    split: Split
    seed: int
    cases: tuple[int, ...]
    probe: bool = False
    strict: bool = False
    patience: float = 1.0
    last: bool = False


class Probed(msgspec.Struct, frozen=True, tag=True):
    """The digest of all that a candidate claimed on the probe."""

    id: int
    behaviour: bytes


class Proceed(msgspec.Struct, frozen=True, tag=True):
    """Answers a `Probed`: whether the candidate is worth the cases, its behaviour being new."""

    id: int
    on: bool


class Described(msgspec.Struct, frozen=True, tag=True):
    """The ids of a split's cases, in order, and a digest of each one's data where that is plain data."""

    id: int
    cases: tuple[str, ...]
    digests: tuple[bytes, ...] = ()


class Evaluated(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What became of an `Evaluate`: the cases that scored, in order, and what stopped the rest.

    `behaviours` has one digest for each scored case, over all that the candidate claimed there. `probe` is that of the
    probe, empty where there was none. `driven` says whether the task used `drive`. `cpu_s` is the candidate's alone.
    """

    id: int
    status: Status
    results: tuple[CaseResult, ...] = ()
    reason: str = ""
    log: str = ""
    behaviours: tuple[bytes, ...] = ()
    probe: bytes = b""
    driven: bool = False
    cpu_s: float = 0.0


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The task's own code cannot serve the request; `reason` is one line."""

    id: int
    reason: str


class Unable(msgspec.Struct, frozen=True, tag=True):
    """No sandbox could be set up, before any line of a program ran; `reason` is one line. The lane is at fault."""

    id: int
    reason: str


Request = Describe | Evaluate
Seen = Callable[[bytes], bool]  # whether what was claimed on a probe had been claimed there before
Answer = Described | Evaluated | Refused | Unable

# What a worker cannot know: the supervisor alone decides it.
NOT_A_WORKERS: frozenset[Status] = frozenset(
    {"dropped", "twin", "nondeterministic", "unconfirmed", "cheating", "barred", "duplicate", "no_program"}
)


def misfit(request: Request, answer: Answer, echo: bool = False) -> str:
    """Returns what keeps an answer from being one to `request`; "" where nothing does. `echo`: the worker was told that
    the candidate's behaviour on the probe is not new."""
    if answer.id != request.id:
        return "the worker answered a request that is not outstanding"
    if isinstance(answer, Refused | Unable):
        return ""
    if isinstance(request, Describe) or isinstance(answer, Described):
        return "" if isinstance(request, Describe) and isinstance(answer, Described) else "another kind of answer"
    cases, scored = len(request.cases), len(answer.results)
    if (answer.status == "echo") != echo and not answer.status.startswith("evaluator"):
        return f"the worker said {answer.status} after a probe that was {'known' if echo else 'new'}"
    if answer.status in NOT_A_WORKERS:
        return f"the worker said {answer.status}, which is not for it to say"
    if (scored != cases if answer.status == "ok" else scored >= cases) or len(answer.behaviours) != scored:
        return f"the worker scored {scored} of {cases} cases and said {answer.status}"
    if not all(math.isfinite(result.score) for result in answer.results):
        return "the worker's score is not finite"
    return "" if 0 <= answer.cpu_s < math.inf else f"the worker said that {answer.cpu_s} s of CPU time were used"
