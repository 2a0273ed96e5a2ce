"""Programs, and proposals of programs.

A `Program` is an immutable set of text files. This module does not parse, run or judge them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

import msgspec

from ryumon.blocks import fixed
from ryumon.errors import BadInput

MAX_BYTES = 256_000
MAX_FILES = 256


class Program(msgspec.Struct, frozen=True, dict=True):
    """An immutable set of text files, by relative POSIX path. Its id is the SHA-256 of their content."""

    files: dict[str, str]

    @cached_property
    def id(self) -> str:
        """The program's identity: 64 hexadecimal digits, a hash of every path and text."""
        digest = hashlib.sha256()
        for path in sorted(self.files):
            for part in (path.encode(), self.files[path].encode()):
                digest.update(len(part).to_bytes(8, "big"))
                digest.update(part)
        return digest.hexdigest()

    @cached_property
    def size(self) -> int:
        """Total length of the texts in characters; the tie-breaker between equal scores."""
        return sum(map(len, self.files.values()))

    def with_file(self, path: str, text: str) -> "Program":
        """Returns a copy in which `path` holds `text`."""
        return Program({**self.files, path: text})


def checked(files: Mapping[str, str]) -> Program:
    """Returns the program of `files`; raises `BadInput` where a path is unsafe or the whole is too large."""
    if not files or len(files) > MAX_FILES:
        raise BadInput(f"a program has 1 to {MAX_FILES} files, not {len(files)}")
    try:
        size = sum(len(text.encode("utf-8")) for text in files.values()) + sum(
            len(path.encode("utf-8")) for path in files
        )
    except UnicodeEncodeError as error:
        raise BadInput("a program is UTF-8 text, and this holds half of a surrogate pair") from error
    if size > MAX_BYTES:
        raise BadInput(f"a program is at most {MAX_BYTES // 1000} kB of text in all")
    for path in files:
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or str(pure) != path or "\0" in path or len(path) > 200:
            raise BadInput(f"program file {path!r}: use a plain relative path")
    return Program(dict(files))


def read_program(folder: Path) -> Program:
    """Returns the program of all text files below `folder`, caches and hidden files left out."""
    files = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not path.is_file() or any(part.startswith(".") or part == "__pycache__" for part in relative.parts):
            continue
        try:
            files[relative.as_posix()] = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(f"{path}: program files are UTF-8 text; move data out of the program's folder") from error
    if not files:
        raise BadInput(f"{folder}: holds no program; put the starting program's files there")
    return checked(files)


def write_program(program: Program, folder: Path) -> None:
    """Writes the program's files below `folder`, which is made where needed; raises `BadInput` on an unsafe path."""
    for path, text in checked(program.files).files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def outside(program: Program, seed: Program, editable: Sequence[str]) -> list[str]:
    """Returns the files in which `program` differs from `seed` where the task does not let it: files that are not
    editable, and what lies outside the marked blocks of a file that has some."""
    closed = (program.files.keys() | seed.files.keys()) - set(editable)
    changed = {path for path in closed if program.files.get(path) != seed.files.get(path)}
    marked = ((path, fixed(seed.files[path])) for path in editable if path in seed.files)
    changed.update(path for path, kept in marked if kept is not None and fixed(program.files.get(path, "")) != kept)
    return sorted(changed)


class Proposal(msgspec.Struct, frozen=True):
    """A new program, where it came from and how. `program` is None where none could be made; `note` says why."""

    program: Program | None
    parents: tuple[str, ...] = ()
    operator: str = ""
    note: str = ""
    duplicate: bool = False
