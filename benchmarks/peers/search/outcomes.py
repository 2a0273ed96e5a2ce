"""What each search came to, in a file of JSON lines that an interrupted comparison goes on from."""

from pathlib import Path
from typing import Literal

import msgspec

Equal = Literal["proposals", "evaluations"]
Key = tuple[str, str, int, int, Equal]


class Outcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One search: its task, arm, seed and number of proposals, or of evaluations where `equal` says so.

    Peers evaluate whatever they propose, so that both are the same. `evaluated`: how many programs were run at all, and
    `scored` on all train cases; `cpu_s`: CPU seconds of all of them, None where an earlier version did not measure it;
    `test` is None where the champion failed there; `seconds` are of the wall clock.
    """

    task: str
    arm: str
    seed: int
    proposals: int
    version: str
    evaluated: int
    scored: int
    seed_train: float
    seed_test: float
    train: float
    test: float | None
    champion: str
    seconds: float
    equal: Equal = "proposals"
    cpu_s: float | None = None

    @property
    def key(self) -> Key:
        """What was asked for."""
        return self.task, self.arm, self.seed, self.proposals, self.equal


class Results:
    """The outcomes in a file. A last line that was cut off is left out, and written over by the next outcome."""

    def __init__(self, path: Path) -> None:
        self._path = path
        whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
        found = [msgspec.json.decode(line, type=Outcome) for line in whole.splitlines()]
        self.outcomes: dict[Key, Outcome] = {outcome.key: outcome for outcome in found}
        self._length = len(whole) + 1 if whole else 0

    def add(self, outcome: Outcome) -> None:
        """Appends an outcome."""
        line = msgspec.json.encode(outcome) + b"\n"
        with self._path.open("r+b" if self._path.exists() else "wb") as file:
            file.truncate(self._length)
            file.seek(self._length)
            file.write(line)
        self._length += len(line)
        self.outcomes[outcome.key] = outcome
