"""How a role is started at a tier: a process that sees only what it was given, with no network and no environment.

Returns at once; what goes wrong in the role shows as its socket closing and on `stderr`. Does not talk to roles.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from ryumon.errors import SandboxError
from ryumon.sandbox import cgroup, container, view
from ryumon.sandbox.cgroup import Capped
from ryumon.sandbox.data import VARIABLE, Placed, placed
from ryumon.sandbox.guest.confine import EMPTY, WORK
from ryumon.sandbox.interpreter import Interpreter
from ryumon.sandbox.tiers import Tier, mounted, namespaced
from ryumon.sandbox.view import View
from ryumon.task import Limits

Stderr = int | IO[bytes] | None

_STAGE = "/tmp"
_NOBODY = 65533  # not the usual nobody, whose files and processes other services share
_INSIDE = "1000"
_RULESET = "@ruleset"  # in a command: the descriptor that `restrict` puts there
_DEVICES = ("null", "zero", "full", "random", "urandom")
_LAUNCHER = Path(__file__).with_name("launch.py")
_LIMITER = Path(__file__).with_name("limited.py")
_OUTPUT = 64 << 20  # bytes of a file that a role or zygote may fill: its stderr, most of all
_ZYGOTE = (
    "import sys; folder, *packages = sys.argv[1].split(':'); sys.path.insert(0, folder); sys.path += packages; "
    "from guest.zygote import main; sys.path.remove(folder); main(sys.argv[2:])"
)
_RESTRICT = "import sys; sys.path.insert(0, sys.argv[1]); from guest.restrict import main; main(sys.argv[2:])"


def start_role(
    module_argv: Sequence[str],
    *,
    tier: Tier,
    pass_fds: Sequence[int] = (),
    read_only: Sequence[Path] = (),
    hidden: Sequence[Path] = (),
    data: Mapping[str, str] | None = None,
    memory_mb: int = 8192,
    stderr: Stderr = None,
) -> "subprocess.Popen[bytes]":
    """Starts the interpreter with `module_argv` as a trusted role that sees ryumon, installed packages and `read_only`.

    What `hidden` names is masked wherever it lies in any of these, an empty folder or an unreadable file in its place.
    Each of its processes has `memory_mb` of address space, and fills no file, its stderr included, beyond 64 MiB.
    Descriptors in `pass_fds` keep their numbers. At tier B the role can start threads and no process. At tier C it is a
    plain process that sees files and network.
    """
    if tier == "V":
        tier = "B"  # only candidates are in the container
    paths = [str(view.PACKAGE.parent), *view.package_folders()]
    found = placed(data or {}, tier)
    environment = {**_environment(view.own(), found), "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
    command = [view.interpreter(), "-s", "-P", *module_argv]
    limits = [f"AS={memory_mb << 20}:{memory_mb << 20}", f"FSIZE={_OUTPUT}:{_OUTPUT}", "CORE=0:0"]
    seen = view.for_role(read_only, hidden, found.binds)
    return _start(command, environment, seen, tier, limits, pass_fds, stderr)


def start_zygote(
    sock_fd: int,
    *,
    tier: Tier,
    preload: Sequence[str] = (),
    hidden: Sequence[Path] = (),
    python: Interpreter | None = None,
    data: Mapping[str, str] | None = None,
    most: Sequence[Limits] = (),
    stderr: Stderr = None,
) -> Capped:
    """Starts a lane's zygote on its end of a SEQPACKET pair, in the candidate's own `python` where it has one.

    Candidates see what it sees: no part of ryumon but `guest`, and nothing that `hidden` names, which a task that is
    installed among the packages needs. At tier A+ the lane's cgroup has room for children that keep to `most`. At tier
    C it is a plain process and so are its children, and nothing is hidden; the package's docstring says what that
    leaves open.
    """
    guest = view.GUEST_ROOT if mounted(tier) else str(view.GUEST.parent)
    ruleset = _RULESET if tier in ("B", "V") else "-1"
    python = python or view.own()
    found = placed(data or {}, tier)
    folders = ":".join([guest, *python.packages])
    control, inside = (container.CONTROL, "B") if tier == "V" else (str(sock_fd), tier[0])
    command = [python.binary, "-s", "-P", "-S", "-c", _ZYGOTE, folders, control, inside, ruleset, *preload]
    # Its children set their own limits, which may be above these but not above a hard one.
    limits = [f"FSIZE={_OUTPUT}", "CORE=0:0"]
    seen = view.for_zygote(hidden, python, found.binds)
    if tier == "V":
        return _contained(command, _environment(python, found), seen, most, sock_fd, stderr)
    lane = cgroup.lane(cgroup.delegated(), most) if tier == "A+" else None
    if lane is not None:
        limits.insert(0, f"CGROUP={lane}")
    process = _start(command, _environment(python, found), seen, tier, limits, [sock_fd], stderr)
    process.cgroup = lane
    return process


def _environment(python: Interpreter, data: Placed) -> dict[str, str]:
    return {
        **({VARIABLE: data.folder} if data.folder else {}),
        "PATH": f"{python.prefixes[-1]}/bin:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }


def _start(
    command: list[str],
    environment: dict[str, str],
    seen: View,
    tier: Tier,
    limits: list[str],
    pass_fds: Sequence[int],
    stderr: Stderr,
) -> Capped:
    if namespaced(tier):
        command = _confined(command, environment, seen)
        environment = {}
    elif tier == "B":
        command = _restricted(command, seen)
    return Capped(
        [view.interpreter(), "-I", "-S", str(_LIMITER), *limits, "--", *command],
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=2 if stderr is None else stderr,  # a task that prints must not write into the caller's output
        stderr=stderr,
        pass_fds=pass_fds,
        start_new_session=True,  # Ctrl-C is for the supervisor, which ends its roles itself
    )


def _restricted(command: list[str], seen: View) -> list[str]:
    zygote = _RULESET in command
    # An import lists the folder that it searches; and what is listed of ryumon's own registrations is also read.
    registered = [] if zygote else [str(path) for path in view.PACKAGE.parent.glob("ryumon*-info")]
    shown = [*(source for source, _ in seen.binds), *registered]
    plan = _plan(shown, view.GUEST.parent if zygote else view.PACKAGE.parent, seen, zygote)
    return [view.interpreter(), "-I", "-S", "-c", _RESTRICT, str(view.GUEST.parent), plan, "--", *command]


def _plan(shown: list[str], listed: Path | str, seen: View, zygote: bool) -> str:
    """Returns the plan that `restrict` carries out."""
    hidden = list(seen.hidden)
    return json.dumps({"shown": shown, "listed": [str(listed)], "hidden": hidden, "user": _NOBODY, "zygote": zygote})


def _contained(
    command: list[str],
    environment: dict[str, str],
    seen: View,
    most: Sequence[Limits],
    sock_fd: int,
    stderr: Stderr,
) -> Capped:
    engine = container.engine()
    plan = _plan([destination for _, destination in seen.binds], view.GUEST_ROOT, seen, True)
    inner = container.inner(command[0], plan, command, view.GUEST_ROOT)
    words = container.command(engine, container.image(engine, seen.links), inner, environment, seen, most)
    paths = os.pathsep.join([str(view.PACKAGE.parent), *view.package_folders()])
    kept = {name: os.environ[name] for name in container.VARIABLES if name in os.environ}
    return Capped(
        [sys.executable, "-P", "-c", container.START, str(sock_fd), *words],
        env={**kept, "PYTHONPATH": paths},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=2 if stderr is None else stderr,
        stderr=stderr,
        pass_fds=[sock_fd],
        start_new_session=True,
    )


def _confined(command: list[str], environment: dict[str, str], seen: View) -> list[str]:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxError("bubblewrap is not installed; install the package `bubblewrap`, then `ryumon doctor`")
    if os.geteuid() != 0:
        return [bwrap, *_options(seen, environment), "--", *command]
    sources = [source for source, _ in seen.binds]
    staged = View(
        tuple((f"{_STAGE}/{index}", destination) for index, (_, destination) in enumerate(seen.binds)),
        seen.links,
        seen.hidden,
    )
    launcher = [view.interpreter(), "-I", "-S", str(_LAUNCHER), _STAGE, str(_NOBODY), *sources, "--"]
    return [*launcher, bwrap, *_options(staged, environment), "--", *command]


def _options(seen: View, environment: dict[str, str]) -> list[str]:
    options = ["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"]
    options += ["--cap-drop", "ALL", "--hostname", "sandbox", "--uid", _INSIDE, "--gid", _INSIDE]
    for source, destination in seen.binds:
        options += ["--ro-bind", source, destination]
    for target, name in seen.links:
        options += ["--symlink", target, name]
    for path in seen.hidden:
        if os.path.isdir(path):
            options += ["--tmpfs", path, "--remount-ro", path]
        else:
            options += ["--ro-bind", "/dev/null", path]
    options += ["--dir", WORK, "--dir", EMPTY, "--proc", "/proc", "--dir", "/dev"]
    for name in _DEVICES:
        options += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    for name, value in environment.items():
        options += ["--setenv", name, value]
    return [*options, "--chdir", "/", "--remount-ro", "/"]
