"""Who descends from whom, read back from the store, and what changed on the way."""

import difflib

from ryumon.archive.history import History
from ryumon.program import Program
from ryumon.store.base import Store, read_files
from ryumon.store.records import Evaluated, decoded


def evaluated(store: Store, history: History, id: str) -> Evaluated:
    """Returns the event by which a program was committed."""
    record = decoded(next(iter(store.events(history.run, history.where[id] - 1, 1))).body)
    assert isinstance(record, Evaluated)
    return record


def path_to_seed(store: Store, history: History, id: str) -> list[tuple[Evaluated, Program]]:
    """Returns the first-parent line of a program, from the seed to itself, each step with its program."""
    steps = []
    seen: set[str] = set()
    current: str | None = id
    while current is not None and current in history.where and current not in seen:
        seen.add(current)
        record = evaluated(store, history, current)
        assert record.files is not None
        steps.append((record, read_files(store, record.files)))
        current = record.parents[0] if record.parents else None
    return steps[::-1]


def difference(before: Program, after: Program) -> list[str]:
    """Returns the unified diff of two programs, file by file, with one line around each change."""
    lines: list[str] = []
    for path in sorted(before.files.keys() | after.files.keys()):
        old, new = (program.files.get(path, "").splitlines() for program in (before, after))
        lines += difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="", n=1)
    return lines
