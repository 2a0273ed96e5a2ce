"""A `Candidate` that runs in this very process, for unit tests of a task's evaluator.

It protects nothing: the program is imported here, with your rights, your files, your environment and no limit of any
kind. Use it only on programs that you wrote; `ryumon check TASK` runs the same evaluator against the real sandbox.
"""

import importlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ryumon.program import Program, write_program
from ryumon.sandbox.guest.codec import decode, encode


class InProcessSession:
    """Imported modules of one program, answering calls with copies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def raw(self, target: str) -> Callable[..., Any]:
        """Returns the candidate's own function, nothing copied: what a driver beside it gets to call."""
        return _load(self._folder, target)

    def call(self, target: str, *args: Any) -> Any:
        """Returns a copy of what `file.py:function` returns for copies of `args`."""
        return self.function(target)(*args)

    def function(self, target: str) -> Callable[..., Any]:
        """Returns `file.py:function` as something to call with copies."""
        function = self.raw(target)
        return lambda *args: across(function(*across(args)))


class InProcess:
    """A program as a task's evaluator sees it, without the sandbox. Protects nothing.

    `task_folder` is where `drivers.py` lies. With `strict`, a driver's calls are copied as they are when each crosses
    into the sandbox; without, the driver calls the candidate directly, as it does inside the sandbox.
    """

    def __init__(self, program: Program, task_folder: Path | None = None, *, strict: bool = False) -> None:
        self._program = program
        self._task_folder = task_folder
        self._strict = strict

    def call(self, target: str, *args: Any) -> Any:
        """Returns the claim of `file.py:function`, freshly imported; in the sandbox a case's calls share a child."""
        with self.session() as session:
            return session.call(target, *args)

    @contextmanager
    def session(self) -> Iterator[InProcessSession]:
        """Imports the program afresh for many calls, and forgets its modules afterwards."""
        with tempfile.TemporaryDirectory() as name, _importing(Path(name)):
            write_program(self._program, Path(name))
            yield InProcessSession(Path(name))

    def drive(self, driver: str, target: str, *args: Any) -> Any:
        """Returns a copy of what the driver returns for the candidate's function and copies of `args`."""
        if self._task_folder is None:
            raise ValueError("drive needs the task's folder: InProcess(program, task_folder)")
        with _importing(self._task_folder):
            run = _load(self._task_folder, driver)
        with self.session() as session:
            function = session.function(target) if self._strict else session.raw(target)
            return across(run(function, *across(args)))

    def run(self, stdin: str | bytes = "", *, command: Sequence[str] = ()) -> Any:
        """Returns what `command`, which must be named here, writes to its standard output in a folder of the program's.

        There is no build: name a command that needs none. Raises `subprocess.CalledProcessError` where it fails.
        """
        with tempfile.TemporaryDirectory() as name:
            write_program(self._program, Path(name))
            text = isinstance(stdin, str)
            return subprocess.run(command, input=stdin, cwd=name, stdout=subprocess.PIPE, text=text, check=True).stdout


def across(value: Any) -> Any:
    """Returns a copy of plain data as it arrives on the other side; raises `CodecError` where it cannot cross."""
    return decode(encode(value))


@contextmanager
def _importing(folder: Path) -> Iterator[None]:
    """Puts `folder` first on the import path, then restores the path and drops modules imported from it."""
    sys.path.insert(0, str(folder))
    stems = {path.stem for path in folder.glob("*.py")}
    hidden = {name: sys.modules.pop(name) for name in stems if name in sys.modules}
    before = set(sys.modules)
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
                del sys.modules[name]
        sys.modules.update(hidden)


def _load(folder: Path, target: str) -> Callable[..., Any]:
    file, _, function = target.partition(":")
    importlib.invalidate_caches()
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    if Path(str(module.__file__)).parent != (folder / file).parent:
        raise ImportError(f"{target}: {file} is hidden by a module of the same name already imported")
    loaded: Callable[..., Any] = getattr(module, function)
    return loaded
