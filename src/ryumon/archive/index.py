"""Every program's id, parents, score and descendants, at a bounded cost for each insertion.

The index never forgets an id. It holds no program text: populations keep the texts of those that may have children.
"""

import heapq

import msgspec

from ryumon.archive.clades import Clades
from ryumon.errors import BadInput
from ryumon.score import Direction, Evaluation, Outline, Status


class Entry(msgspec.Struct, kw_only=True):
    """One evaluated program. `children` counts the evaluated programs that name it as a parent.

    `origin` is the index at which its oldest line began: a child of the seed begins one, any other continues the oldest
    of its parents'. `clade_wins` and `clade_losses` count the successes and failures of it and its descendants, and
    `succeeded` says which of them it is itself (`clades`).
    """

    id: str
    index: int
    parents: tuple[str, ...]
    status: Status
    score: float | None
    size: int
    twin: str | None = None
    children: int = 0
    barred: bool = False
    origin: int = -1
    succeeded: bool = False
    clade_wins: int = 0
    clade_losses: int = 0


class Archive:
    """The index of all evaluations told so far, and the best of them."""

    def __init__(self, direction: Direction) -> None:
        self.direction: Direction = direction
        self._sign = 1.0 if direction == "minimize" else -1.0
        self._entries: dict[str, Entry] = {}
        self._clades = Clades(direction, self._entries)
        self._ranked: list[tuple[float, int, str]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, program_id: object) -> bool:
        return program_id in self._entries

    @property
    def best(self) -> Entry | None:
        """The best program that is not barred, the first of equals; None where none has scored."""
        return self._entries[self._ranked[0][2]] if self._ranked else None

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
        return self.recall(evaluation.outline())

    def recall(self, outline: Outline) -> Entry | None:
        """Records an evaluation that is told in brief, as `add` does: the index is the fold of the outlines."""
        for barred in outline.barred:
            self._bar(barred)
        if outline.id is None or outline.id in self._entries:
            return None
        known = [self._entries.get(parent) for parent in outline.parents]
        entry = Entry(
            id=outline.id,
            index=outline.index,
            # One string for an id, however many children name it.
            parents=tuple(
                there.id if there is not None else id for there, id in zip(known, outline.parents, strict=True)
            ),
            status=outline.status,
            score=outline.score if outline.status == "ok" else None,
            size=outline.size,
            twin=outline.twin,
        )
        parents = [self._entries[parent] for parent in dict.fromkeys(entry.parents) if parent in self._entries]
        for parent in parents:
            parent.children += 1
        entry.origin = min((parent.origin for parent in parents if parent.index >= 0), default=entry.index)
        self._entries[entry.id] = entry
        self._clades.add(entry, self.standing(entry))
        if entry.score is not None:
            heapq.heappush(self._ranked, (self._sign * entry.score, entry.index, entry.id))
        return entry

    def standing(self, entry: Entry) -> float | None:
        """Returns the score that `entry` competes with: its own, or that of the program it behaves as."""
        if entry.twin is not None:
            original = self._entries.get(entry.twin)
            return original.score if original is not None and not original.barred else None
        return entry.score

    def _bar(self, program_id: str) -> None:
        """Takes the right to children, and to be the best, from a program."""
        entry = self._entries.get(program_id)
        if entry is None or entry.barred:
            return
        entry.barred = True
        self._clades.revoke(entry)
        while self._ranked and self._entries[self._ranked[0][2]].barred:
            heapq.heappop(self._ranked)
