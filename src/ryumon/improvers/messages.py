"""The records between a supervisor and the process that hosts an improver."""

import msgspec

from ryumon.improvers.base import Brief
from ryumon.program import Proposal
from ryumon.score import Evaluation


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


class Opened(msgspec.Struct, frozen=True, tag=True):
    """The improver is ready; `form` is the seed's normal form."""

    form: bytes


class Proposed(msgspec.Struct, frozen=True, tag=True):
    """The proposal asked for, and the digest of its normal form (empty where there is no program)."""

    index: int
    proposal: Proposal
    form: bytes


class Broken(msgspec.Struct, frozen=True, tag=True):
    """The improver raised; `reason` is one line. The host ends."""

    reason: str


Request = Open | Known | Ask | Tell
Answer = Opened | Proposed | Broken
