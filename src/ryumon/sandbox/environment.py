"""The candidate's own Python: an environment made once by venv and pip, outside the sandbox, from the task's own list.

It lies in the user's cache under a hash of interpreter and requirements, and candidates see it read-only. What the
sandbox's code needs of it (numpy, msgspec) is added where the requirements have left it out. pip runs what packages
ask it to while it builds them, as everywhere: requirements are the task's, which is trusted. It gets no key of this
process.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import msgspec

from ryumon.errors import TaskError
from ryumon.sandbox.cache import cache
from ryumon.sandbox.interpreter import GUEST_NEEDS, Found, Interpreter, asked
from ryumon.task import TaskFolder

_KEPT = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_DONE = "complete"


def python_of(task: TaskFolder) -> Interpreter | None:
    """Returns the Python that a task names for its candidates, made where it is not there yet; None where it names
    none, and they get ryumon's. Raises `TaskError` where it cannot be made."""
    spec = task.spec
    if spec.python is None and not spec.requirements:
        return None
    where = task.path / "task.toml"
    try:
        found = asked(_named(task.path, spec.python), _environment())
        return _with_requirements(found, task).interpreter() if spec.requirements else _as_it_is(found)
    except TaskError as error:
        raise TaskError(f"{where}: {error}") from error


def _named(folder: Path, python: str | None) -> str:
    """Returns the interpreter meant: a path relative to the task's folder, a name on the path, or ryumon's own."""
    if python is None:
        return sys.executable
    return str((folder / python).absolute()) if "/" in python else python


def _requirements(task: TaskFolder) -> tuple[str, ...]:
    """Returns the lines of a task's requirements."""
    given = task.spec.requirements
    if not isinstance(given, str):
        return given
    try:
        return tuple((task.path / given).read_text("utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError(f"requirements: {given} cannot be read: {error}") from error


def _with_requirements(base: Found, task: TaskFolder) -> Found:
    """Returns an environment of `base` with the task's requirements, relative paths being below its folder."""
    lines = _requirements(task)
    place = cache("environments") / _key(base, lines, task.path)
    python = str(place / "bin" / "python")
    with _alone(place):
        if not (place / _DONE).exists():
            _say(f"making the candidate's environment in {place}, once: {', '.join(lines)}")
            shutil.rmtree(place, ignore_errors=True)
            _ran([base.binary, "-m", "venv", str(place)], "venv cannot make an environment", task.path)
            _pip(python, ["-r", str(_list(task, place))], task.path)
            made = asked(python, _environment())
            _provide(made, Path(made.packages[-1]), task.path)
            (place / _DONE).touch()
    return asked(python, _environment())


def _list(task: TaskFolder, place: Path) -> Path:
    """Returns the file of requirements: the task's own, or one made of what `task.toml` lists."""
    given = task.spec.requirements
    if isinstance(given, str):
        return (task.path / given).absolute()
    file = place / "requirements.txt"
    file.write_text("\n".join([*given, ""]), "utf-8")
    return file


def _as_it_is(found: Found) -> Interpreter:
    """Returns an interpreter as it is; what it lacks for the sandbox's code is kept in a folder beside it."""
    if not found.lacks:
        return found.interpreter()
    place = cache("environments") / _key(found, found.lacks, Path("/"))
    with _alone(place):
        if not (place / _DONE).exists():
            _say(f"adding {' and '.join(found.lacks)} for {found.binary} in {place}, once")
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            _provide(found, place / "site-packages", Path("/"))
            (place / _DONE).touch()
    return found.interpreter(place / "site-packages")


def _key(base: Found, lines: Sequence[str], folder: Path) -> str:
    """Returns what an environment is known by: its interpreter, its lines, and the files of the task that they name."""
    words = {word for line in lines for word in (*line.split(), *line.split("="))}
    files = {word: hashlib.sha256((folder / word).read_bytes()).digest() for word in words if (folder / word).is_file()}
    needed = [metadata.version(name) for name in GUEST_NEEDS]
    content = [base.binary, base.version, base.abi, list(lines), sorted(files.items()), needed]
    return hashlib.sha256(msgspec.msgpack.encode(content)).hexdigest()[:24]


def _provide(found: Found, folder: Path, task: Path) -> None:
    """Puts what the sandbox's code needs and `found` lacks into `folder`: ryumon's own where it fits, else by pip."""
    for name in found.lacks:
        if found.abi == sysconfig.get_config_var("SOABI"):
            _copied(name, folder)
        else:
            _pip(_binary(found), ["--target", str(folder), "--no-deps", f"{name}=={metadata.version(name)}"], task)


def _copied(name: str, folder: Path) -> None:
    for file in metadata.files(name) or ():
        if ".." not in file.parts:  # scripts, which nothing here needs
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(str(file.locate()), target)


def _pip(python: str, arguments: Sequence[str], folder: Path) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", *arguments]
    _ran(command, "pip cannot install the requirements", folder)


def _ran(command: Sequence[str], failed: str, folder: Path) -> None:
    """Runs a command to its end; raises `TaskError` with the line by which it said why it failed."""
    run = subprocess.run(
        command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if run.returncode:
        lines = (run.stderr.strip() or run.stdout.strip()).splitlines() or [f"exit code {run.returncode}"]
        told = next((line for line in reversed(lines) if line.startswith(("ERROR", "error"))), lines[-1])
        raise TaskError(f"{failed}: {told}")


def _binary(found: Found) -> str:
    """Returns an interpreter by the name that makes it find its own environment."""
    return str(Path(found.prefixes[-1], "bin", "python")) if _is_environment(found) else found.binary


def _is_environment(found: Found) -> bool:
    return os.path.realpath(found.prefixes[-1]) != found.prefixes[0]


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Holds off other runs that would make the same."""
    with open(place.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _environment() -> dict[str, str]:
    """Returns what pip may know of this process's environment: how to reach a registry, and no key."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(("PIP_", "XDG_")) or name.lower().endswith("_proxy")
    }


def _say(line: str) -> None:
    print(f"ryumon: {line}", file=sys.stderr, flush=True)
