"""Members and evaluations for the tests of the archive."""

from ryumon.archive import Archive, Member
from ryumon.program import Program
from ryumon.score import Evaluation


def program(name: str) -> Program:
    """Returns a program that differs by `name`."""
    return Program({"a.py": f"x = {name!r}\n"})


def evaluation(name: str, index: int, score: float | None = None, **changes: object) -> Evaluation:
    """Returns what became of `program(name)`: ok with a score, an error without."""
    fields = {"program": program(name), "index": index, "score": score, "status": "error" if score is None else "ok"}
    return Evaluation(**{**fields, **changes})  # type: ignore[arg-type]


def member(name: str, score: float, archive: Archive | None = None, **changes: object) -> Member:
    """Returns a member of the archive, a fresh one unless given."""
    archive = Archive("minimize") if archive is None else archive
    told = evaluation(name, len(archive), score, **changes)
    entry = archive.add(told)
    assert entry is not None
    assert told.program is not None
    return Member(told.program, entry, score)
