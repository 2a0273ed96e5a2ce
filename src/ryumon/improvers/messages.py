"""The records between a supervisor and the process that hosts an improver."""

import msgspec

from ryumon.improvers.base import Brief
from ryumon.program import Program, Proposal
from ryumon.score import Evaluation, Outline


class Open(msgspec.Struct, frozen=True, tag=True):
    """The first record: which improver to make, for which task. `seed` is what its generators derive from."""

    improver: str
    options: dict[str, str]
    brief: Brief
    seed: int


class Known(msgspec.Struct, frozen=True, tag=True):
    """The normal forms of proposals made before this process started, on resume."""

    forms: tuple[bytes, ...]


class Ask(msgspec.Struct, frozen=True, tag=True):
    """Asks for the proposal of a number."""

    index: int


class Tell(msgspec.Struct, frozen=True, tag=True):
    """What became of the next proposal in order. Not answered."""

    evaluation: Evaluation


class Export(msgspec.Struct, frozen=True, tag=True):
    """Asks for the improver's state."""


class Restore(msgspec.Struct, frozen=True, tag=True):
    """A state that was exported, to be taken up. What was told until then follows."""

    state: bytes


class Recall(msgspec.Struct, frozen=True, tag=True):
    """A part of what was told before a state was exported, in brief and in order; `last` after all of it."""

    outlines: tuple[Outline, ...]
    last: bool


class Programs(msgspec.Struct, frozen=True, tag=True):
    """The programs that were wanted, by id."""

    programs: dict[str, Program]


class Opened(msgspec.Struct, frozen=True, tag=True):
    """The improver is ready; `form` is the seed's normal form."""

    form: bytes


class Proposed(msgspec.Struct, frozen=True, tag=True):
    """The proposal asked for, and the digest of its normal form (empty where there is no program)."""

    index: int
    proposal: Proposal
    form: bytes


class Exported(msgspec.Struct, frozen=True, tag=True):
    """The improver's state, MessagePack of its own; None where it exports none."""

    state: bytes | None


class Wanted(msgspec.Struct, frozen=True, tag=True):
    """Asks for programs while a state is taken up."""

    ids: tuple[str, ...]


class Restored(msgspec.Struct, frozen=True, tag=True):
    """The state is taken up, unless `refused` says in a line why not: then the process is of no more use."""

    refused: str


class Broken(msgspec.Struct, frozen=True, tag=True):
    """The improver raised; `reason` is one line. The host ends."""

    reason: str


Request = Open | Known | Ask | Tell | Export | Restore | Recall | Programs
Answer = Opened | Proposed | Exported | Wanted | Restored | Broken
