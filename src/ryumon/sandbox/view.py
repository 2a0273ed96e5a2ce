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

PACKAGE = Path(__file__).resolve().parents[1]
GUEST = Path(__file__).resolve().parent / "guest"
GUEST_ROOT = "/.ryumon"
_SYSTEM = Path("/usr")
_CACHE = Path("/etc/ld.so.cache")
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


def for_role(read_only: Iterable[Path]) -> View:
    """Returns what the worker and the improver see: the base, ryumon itself, and `read_only`."""
    given = [Path(os.path.abspath(path)) for path in read_only]
    for path in given:
        if not path.exists():
            raise SandboxError(f"{path}: does not exist; a role cannot be given it")
    return _view([*_base(), PACKAGE, *given], ())


def for_zygote() -> View:
    """Returns what candidates see: the base without ryumon, whose tasks hold answers, and the guest's own code."""
    view = _view(_base(), ((str(GUEST), f"{GUEST_ROOT}/guest"),))
    seen = [Path(destination) for _, destination in view.binds]
    if any(_covered(path, [Path(WORK)]) for path in seen):
        raise SandboxError(f"the interpreter lies below {WORK}, where candidates work; move its environment elsewhere")
    installed = (path for folder in package_folders() for path in Path(folder).glob("*ryumon*"))
    hidden = [path for path in (PACKAGE, *installed) if path.exists() and _covered(path, seen)]
    return View(view.binds, view.links, tuple(dict.fromkeys(map(str, hidden))))


def _base() -> list[Path]:
    # The real base prefix: the interpreter is started by its real path, and finds its library beside itself.
    return [_SYSTEM, Path(os.path.realpath(sys.base_prefix)), Path(sys.prefix), *map(Path, package_folders())]


def _view(paths: Sequence[Path], more: tuple[tuple[str, str], ...]) -> View:
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda path: len(path.parts)):
        if not _covered(path, kept):
            kept.append(path)
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


def _covered(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
