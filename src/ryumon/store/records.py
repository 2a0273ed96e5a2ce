"""What the events of a run say, one record a kind. The bodies are MessagePack; a new field needs a default."""

from typing import Any

import msgspec

from ryumon.budget import Cost
from ryumon.errors import StoreError
from ryumon.score import CaseResult, Direction, Status, Verdict
from ryumon.task import Split


class Started(msgspec.Struct, frozen=True, tag="started", kw_only=True):
    """What a run is: enough to resume it, and to say what its figures belong to. `files` are path → text id, `repeats`
    how often a noisy task's readings are made."""

    version: str
    task: str
    folder: str
    task_digest: str
    direction: Direction
    unit: str
    exact: bool
    improver: str
    options: dict[str, str]
    seed: int
    lookahead: int
    budget: str
    tier: str
    test_seed: int | None
    files: dict[str, str]
    unseparated: bool = False
    repeats: int = 1


class Committed(msgspec.Struct, frozen=True, tag="evaluated", kw_only=True):
    """A committed ask as far as a run's state depends on it: what `glimpsed` reads of an `Evaluated`.

    `confirmed` are the programs that confirmation judged for it, `elapsed` the seconds that the run has taken so far.
    """

    index: int
    id: str | None
    size: int
    parents: tuple[str, ...]
    operator: str
    status: Status
    score: float | None
    confirmed: dict[str, Status]
    cost: Cost
    elapsed: float


class Evaluated(Committed, frozen=True, tag="evaluated", kw_only=True):
    """A committed ask: the proposal and what became of it. The seed has index -1.

    `form` is the digest of the normal form, `behaviours` those of the claims of each case, `probe` that of the claims
    on the probe. `repeats` are the scores of a noisy task's race on each repeat but the first, by case: of the seed,
    and of what would be a new best.
    """

    files: dict[str, str] | None
    cases: tuple[CaseResult, ...]
    reason: str
    log: str
    twin: str | None
    barred: tuple[str, ...]
    form: bytes
    behaviours: tuple[bytes, ...]
    driven: bool
    evidence: str
    tier: str
    repeats: tuple[tuple[float, ...], ...] = ()
    probe: bytes = b""


class Read(msgspec.Struct, frozen=True, tag="read", kw_only=True):
    """A reading of `validation` or `test`, or of `train` on fresh repeats. `scores` is one for each case, empty unless
    `status` is `ok`. A later one takes the place of an earlier one. `strict`: made on the strict path."""

    split: Split
    seed: int
    id: str
    status: Status
    scores: tuple[float, ...]
    reason: str
    cost: Cost
    elapsed: float
    strict: bool = False


class SearchEnded(msgspec.Struct, frozen=True, tag="search-ended"):
    """No more proposals are made; `reason` names the limit, or `exhausted`."""

    reason: str
    elapsed: float


class TestDrawn(msgspec.Struct, frozen=True, tag="test-drawn"):
    """The seed of the test cases, drawn after the search ended unless the user fixed it."""

    seed: int


class Finished(msgspec.Struct, frozen=True, tag="finished", kw_only=True):
    """The verdict, champion against seed on the test cases."""

    champion: str
    verdict: Verdict
    difference: float
    ci95: tuple[float, float] | None
    elapsed: float
    cpu_s: float


class Stopped(msgspec.Struct, frozen=True, tag="stopped"):
    """The run was ended from outside before its verdict; it can be resumed."""

    reason: str
    elapsed: float
    cpu_s: float = 0.0


class Resumed(msgspec.Struct, frozen=True, tag="resumed"):
    """The run goes on, under `budget` in all."""

    budget: str
    tier: str


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """The improver's state once it had been told of the seed and the first `told` asks, as its process of ryumon
    `version` exported it. The supervisor does not look into it."""

    told: int
    version: str
    state: bytes


_Others = Started | Read | SearchEnded | TestDrawn | Finished | Stopped | Resumed | Snapshot
Record = Evaluated | _Others
_decoder = msgspec.msgpack.Decoder(Record)
_glimpse = msgspec.msgpack.Decoder(Committed | _Others)


def encoded(record: Record) -> tuple[str, bytes]:
    """Returns the kind and the body of the event that says `record`."""
    return str(record.__struct_config__.tag), msgspec.msgpack.encode(record)


def decoded(body: bytes) -> Record:
    """Returns the record that an event's body holds; raises `StoreError` where it holds none."""
    record: Record = _read(_decoder, body)
    return record


def glimpsed(body: bytes) -> Record | Committed:
    """Returns the same, but of a committed ask, the seed aside, what a run's state depends on alone: it takes a third
    of the time. Raises `StoreError`."""
    record: Record | Committed = _read(_glimpse, body)
    return decoded(body) if isinstance(record, Committed) and record.index < 0 else record


def _read(decoder: msgspec.msgpack.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise StoreError(
            f"an event holds no record that this ryumon knows ({error}); `ryumon audit` says where"
        ) from error
