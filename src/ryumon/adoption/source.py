"""Reading another system's task from its folder: its program, its evaluator, and the files that these need.

Reads text and looks for words in it; it parses and runs nothing.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ryumon.errors import BadInput

MOST_FILES = 5_000
PRUNED = ("__pycache__", "results", "openevolve_output", "node_modules")
_IMPORT = re.compile(r"^([ \t]*)(?:from[ \t]+(\.*[\w.]*)[ \t]+import\b|import[ \t]+([\w., \t]+))", re.MULTILINE)


class System(msgspec.Struct, frozen=True):
    """How a system lays out a task. `provided`: the modules of its `package` that are there in the sandbox."""

    name: str
    title: str
    program: str
    evaluator: str
    package: str
    provided: tuple[str, ...]


SYSTEMS = {
    system.name: system
    for system in (
        System(
            name="openevolve",
            title="OpenEvolve",
            program="initial_program",
            evaluator="evaluator.py",
            package="openevolve",
            provided=("openevolve", "openevolve.evaluation_result"),
        ),
        System(
            name="shinka",
            title="ShinkaEvolve",
            program="initial",
            evaluator="evaluate.py",
            package="shinka",
            provided=("shinka", "shinka.core", "shinka.core.wrap_eval"),
        ),
    )
}


class Source(msgspec.Struct, frozen=True):
    """A task as it was found. `files` are texts by path, `modules` what they import from elsewhere, `absent` what they
    import that the sandbox will not have, `left_out` the files beside them that nothing imports or names."""

    program: str
    files: dict[str, str]
    modules: tuple[str, ...]
    absent: tuple[str, ...]
    left_out: tuple[str, ...]


def read_source(system: System, folder: Path) -> Source:
    """Returns the task in `folder`; raises `BadInput` where it is not laid out as the system's are."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: is no folder; name the one that holds {system.program}.* and {system.evaluator}")
    programs = sorted(path.name for path in folder.glob(f"{system.program}.*") if path.is_file())
    if len(programs) != 1:
        found = f"holds {', '.join(programs)}; keep one" if programs else f"has no {system.program}.*"
        raise BadInput(f"{folder}: {found}, the program that a task of {system.title} starts from")
    if not (folder / system.evaluator).is_file():
        raise BadInput(f"{folder}: has no {system.evaluator}, which every task of {system.title} has")
    beside = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    files = _needed(beside, [programs[0], system.evaluator])
    imported = {name for text in (files[path] for path in files if path.endswith(".py")) for name in imports(text)}
    own = {path.split("/")[0].removesuffix(".py") for path in files}
    elsewhere = sorted(name for name in imported if name.split(".")[0] not in own | sys.stdlib_module_names)
    theirs = [name for name in elsewhere if name.split(".")[0] == system.package]
    return Source(
        program=programs[0],
        files=files,
        modules=tuple(name for name in elsewhere if name not in theirs),
        absent=tuple(name for name in theirs if name not in system.provided),
        left_out=tuple(sorted(beside.keys() - files.keys())),
    )


def imports(text: str, *, indented: bool = False) -> Iterator[str]:
    """Yields the dotted names of the modules that a Python text imports, inside functions too where `indented`."""
    for indent, source, names in _IMPORT.findall(text):
        if indent and not indented:
            continue
        for part in (names or source).split(","):
            name = part.split()[0] if part.split() else ""
            if name and not name.startswith("."):
                yield name


def _needed(beside: dict[str, Path], first: list[str]) -> dict[str, str]:
    """Returns the texts of `first` and of all that they import or name, and so on."""
    texts: dict[str, str] = {}
    waiting = list(first)
    while waiting:
        path = waiting.pop(0)
        if path in texts:
            continue
        try:
            texts[path] = beside[path].read_text("utf-8")
        except UnicodeDecodeError as error:
            if path in first:
                raise BadInput(f"{beside[path]}: is not UTF-8 text") from error
            continue
        if path.endswith(".py"):
            modules = set(imports(texts[path], indented=True))
            waiting += [other for other in beside if _is_module(other, modules) or _is_named(other, texts[path])]
    return texts


def _is_module(path: str, modules: set[str]) -> bool:
    """Returns whether a file is one of the modules, or belongs to a package that one of them is in."""
    if not path.endswith(".py"):
        return False
    dotted = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    return dotted in modules or ("/" in path and any(name.split(".")[0] == path.split("/")[0] for name in modules))


def _is_named(path: str, text: str) -> bool:
    name = path.rpartition("/")[2]
    return not name.endswith((".py", ".md")) and re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text) is not None


def _files(folder: Path) -> Iterator[Path]:
    count = 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in PRUNED)
        for name in sorted(names):
            if not name.startswith("."):
                count += 1
                if count > MOST_FILES:
                    raise BadInput(f"{folder}: holds more than {MOST_FILES} files; name the folder of one task")
                yield Path(root, name)
