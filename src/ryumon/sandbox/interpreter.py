"""Another Python than ryumon's own: where it lies and what it holds, found by asking it.

It is run with a script of ours, and with nothing of a task.
"""

import shutil
import subprocess
from pathlib import Path

import msgspec

from ryumon.errors import TaskError

OLDEST = (3, 11)
GUEST_NEEDS = ("numpy", "msgspec")  # what the sandbox's own code imports
_PATIENCE_S = 60.0
_ASK = """
import importlib.util, json, os, sys, sysconfig
print(json.dumps({
    "kind": sys.implementation.name,
    "version": sys.version_info[:3],
    "abi": sysconfig.get_config_var("SOABI") or "",
    "binary": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "prefixes": [os.path.realpath(sys.base_prefix), sys.prefix],
    "packages": [p for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages") and os.path.isdir(p)],
    "lacks": [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None],
}))
"""


class Interpreter(msgspec.Struct, frozen=True):
    """Where a Python lies: its binary past every symlink, its prefixes (its environment's last), its packages."""

    binary: str
    prefixes: tuple[str, ...]
    packages: tuple[str, ...]


class Found(msgspec.Struct, frozen=True):
    """What an interpreter says of itself; `lacks` are those of `GUEST_NEEDS` that it cannot import."""

    kind: str
    version: tuple[int, ...]
    abi: str
    binary: str
    prefixes: tuple[str, ...]
    packages: tuple[str, ...]
    lacks: tuple[str, ...]

    def interpreter(self, *more: Path) -> Interpreter:
        """Returns where it lies, with the packages of further folders last."""
        return Interpreter(self.binary, self.prefixes, (*self.packages, *map(str, more)))


def asked(python: str, environment: dict[str, str]) -> Found:
    """Returns what `python` (a path, or a name on the path) says of itself; raises `TaskError` where it is unfit."""
    program = shutil.which(python)
    if program is None:
        raise TaskError(f"python = {python!r}: there is no such program; name a CPython of 3.11 or newer")
    try:
        run = subprocess.run(
            [program, "-I", "-c", _ASK, *GUEST_NEEDS],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=True,
        )
        found = msgspec.json.decode(run.stdout, type=Found)
    except (OSError, subprocess.SubprocessError, msgspec.MsgspecError) as error:
        raise TaskError(f"python = {python!r}: does not run as a Python: {_told(error)}") from error
    if found.kind != "cpython" or found.version[:2] < OLDEST:
        said = f"{found.kind} {'.'.join(map(str, found.version))}"
        raise TaskError(f"python = {python!r}: is {said}; candidates need CPython 3.11 or newer")
    return found


def _told(error: Exception) -> str:
    """Returns the last line of what a process said as it failed, or the error itself."""
    said = getattr(error, "stderr", None) or ""
    lines = str(said).strip().splitlines()
    return lines[-1] if lines else str(error)
