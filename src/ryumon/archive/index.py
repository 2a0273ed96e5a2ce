"""Every program's id, parents, score and number of children, at constant cost for each insertion.

The index never forgets an id. It holds no program text: populations keep the texts of those that may have children.
"""

import msgspec

from ryumon.errors import BadInput
from ryumon.score import Direction, Evaluation, Status, better


class Entry(msgspec.Struct, kw_only=True):
    """One evaluated program. `children` counts the evaluated programs that name it as a parent."""

    id: str
    index: int
    parents: tuple[str, ...]
    status: Status
    score: float | None
    size: int
    twin: str | None = None
    children: int = 0
    barred: bool = False


class Archive:
    """The index of all evaluations told so far, and the best of them."""

    def __init__(self, direction: Direction) -> None:
        self.direction: Direction = direction
        self.best: Entry | None = None
        self._entries: dict[str, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, program_id: object) -> bool:
        return program_id in self._entries

    def __getitem__(self, program_id: str) -> Entry:
        """Returns the entry of a program; raises `BadInput` for an id that was never told."""
        try:
            return self._entries[program_id]
        except KeyError:
            raise BadInput(f"program {program_id}: not in the archive") from None

    def get(self, program_id: str) -> Entry | None:
        """Returns the entry of a program, None where there is none."""
        return self._entries.get(program_id)

    def add(self, evaluation: Evaluation) -> Entry | None:
        """Records an evaluation and returns its entry; None where there is no program or the program is known."""
        program = evaluation.program
        for barred in evaluation.barred:
            self._bar(barred)
        if program is None or program.id in self._entries:
            return None
        entry = Entry(
            id=program.id,
            index=evaluation.index,
            parents=evaluation.parents,
            status=evaluation.status,
            score=evaluation.score if evaluation.status == "ok" else None,
            size=program.size,
            twin=evaluation.twin,
        )
        self._entries[program.id] = entry
        for parent in dict.fromkeys(evaluation.parents):
            if parent in self._entries:
                self._entries[parent].children += 1
        self._consider(entry)
        return entry

    def standing(self, entry: Entry) -> float | None:
        """Returns the score that `entry` competes with: its own, or for a twin that of the program it behaves as."""
        if entry.status == "twin" and entry.twin is not None:
            original = self._entries.get(entry.twin)
            return original.score if original is not None and not original.barred else None
        return entry.score

    def _consider(self, entry: Entry) -> None:
        if entry.score is None:
            return
        best = self.best.score if self.best is not None else None
        if best is None or better(self.direction, entry.score, best):
            self.best = entry

    def _bar(self, program_id: str) -> None:
        """Takes the right to children, and to be the best, from a program. Rare, so a look through all is fine."""
        entry = self._entries.get(program_id)
        if entry is None:
            return
        entry.barred = True
        if self.best is entry:
            self.best = None
            for other in self._entries.values():
                if not other.barred:
                    self._consider(other)
