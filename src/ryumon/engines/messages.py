"""The records between a supervisor and an evaluator worker. Each answer carries the number of its request."""

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

    `strict` takes the strict path where the task drives; `patience` multiplies the time limits. `last` says that a CPU
    limit is final, so that a task's worst score may take the place of the case.
    """

    id: int
    files: dict[str, str]
    split: Split
    seed: int
    cases: tuple[int, ...]
    strict: bool = False
    patience: float = 1.0
    last: bool = False


class Described(msgspec.Struct, frozen=True, tag=True):
    """The ids of a split's cases, in order, and a digest of each one's data where that is plain data."""

    id: int
    cases: tuple[str, ...]
    digests: tuple[bytes, ...] = ()


class Evaluated(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What became of an `Evaluate`: the cases that scored, in order, and what stopped the rest.

    `behaviours` has one digest for each scored case, over all that the candidate claimed there. `driven` says whether
    the task used `drive`. `cpu_s` is the candidate's alone.
    """

    id: int
    status: Status
    results: tuple[CaseResult, ...] = ()
    reason: str = ""
    log: str = ""
    behaviours: tuple[bytes, ...] = ()
    driven: bool = False
    cpu_s: float = 0.0


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The task's own code cannot serve the request; `reason` is one line."""

    id: int
    reason: str


Request = Describe | Evaluate
Answer = Described | Evaluated | Refused
