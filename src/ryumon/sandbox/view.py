"""Which parts of this machine's files a role sees, always read-only: the system's libraries, the interpreter, the
environment's packages, and what the role is given. Decides only; `confinement` carries it out.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from ryumon.errors import SandboxError
from ryumon.sandbox.guest.confine import WORK
from ryumon.sandbox.interpreter import Interpreter

PACKAGE = Path(__file__).resolve().parents[1]
GUEST = Path(__file__).resolve().parent / "guest"
GUEST_ROOT = "/.ryumon"
_SYSTEM = Path("/usr")
_CACHE = Path("/etc/ld.so.cache")
Binds = Sequence[tuple[str, str]]
_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


class View(msgspec.Struct, frozen=True):
    """Binds of (source, destination), symlinks of (target, name), and paths to hide again, in this order."""

    binds: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...] = ()


def interpreter() -> str:
    """Returns the real path of the running interpreter's binary, past every symlink of its environment."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def package_folders() -> list[str]:
    """Returns the folders of installed packages on the module path."""
    folders = (os.path.abspath(path) for path in sys.path if Path(path).name in ("site-packages", "dist-packages"))
    return [path for path in dict.fromkeys(folders) if os.path.isdir(path)]


def own() -> Interpreter:
    """Returns the running interpreter, with its environment and packages."""
    prefixes = (os.path.realpath(sys.base_prefix), sys.prefix)
    return Interpreter(interpreter(), prefixes, tuple(package_folders()))


def for_role(read_only: Iterable[Path], hidden: Iterable[Path] = (), data: Binds = ()) -> View:
    """Returns what worker and improver see: the base, ryumon itself, `read_only` and `data`, without `hidden`."""
    given = [Path(os.path.abspath(path)) for path in read_only]
    for path in given:
        if not path.exists():
            raise SandboxError(f"{path}: does not exist; a role cannot be given it")
    return _without(_view([*_base(own()), PACKAGE, *given], data), hidden, own())


def for_zygote(hidden: Iterable[Path] = (), python: Interpreter | None = None, data: Binds = ()) -> View:
    """Returns what candidates see: the base of `python`, the running one by default, without ryumon, whose tasks hold
    answers; the guest's own code; and `data`."""
    python = python or own()
    view = _view(_base(python), ((str(GUEST), f"{GUEST_ROOT}/guest"), *data))
    if any(_covered(Path(destination), [Path(WORK)]) for _, destination in view.binds):
        raise SandboxError(f"the interpreter lies below {WORK}, where candidates work; move its environment elsewhere")
    installed = (path for folder in python.packages for path in Path(folder).glob("*ryumon*"))
    return _without(view, (PACKAGE, *installed, *hidden), python)


def _without(view: View, hidden: Iterable[Path], python: Interpreter) -> View:
    """Returns the view with each of the paths that it shows masked, under whichever of its names it shows there."""
    needed = [Path(os.path.realpath(path)) for path in (*_base(python), Path(python.binary))]
    masks = []
    for real in {Path(os.path.realpath(path)) for path in hidden if os.path.exists(path)}:
        for source, destination in view.binds:
            bound = os.path.realpath(source)
            if not real.is_relative_to(bound):
                continue
            if any(_covered(path, [real]) for path in needed):
                raise SandboxError(f"{real}: is to be hidden, and holds the interpreter or its packages; move it away")
            masks.append(Path(destination, real.relative_to(bound)))
    return View(view.binds, view.links, tuple(map(str, _outermost(masks))))


def _base(python: Interpreter) -> list[Path]:
    # The real base prefix: the interpreter is started by its real path, and finds its library beside itself.
    return [_SYSTEM, *map(Path, python.prefixes), *map(Path, python.packages)]


def _view(paths: Sequence[Path], more: Binds) -> View:
    kept = _outermost(paths)
    links = []
    for name in _LINKS:
        path = Path("/", name)
        if path.is_symlink():
            links.append((os.readlink(path), str(path)))
        elif path.is_dir():
            kept.append(path)
    if _CACHE.exists():
        kept.append(_CACHE)
    return View((*((str(path), str(path)) for path in kept), *more), tuple(links))


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """Returns the paths that lie in no other of them."""
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda path: (len(path.parts), path)):
        if not _covered(path, kept):
            kept.append(path)
    return kept


def _covered(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
