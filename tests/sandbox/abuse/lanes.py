"""Lanes to attack: for root and for an ordinary user, whole or with defences switched off; and one attack on one lane.

A lane with a defence switched off runs in a pid namespace and under a memory limit of its own, never on this machine
itself: as root, a signal to all or a bomb would take the machine along.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, Literal

from ryumon.errors import RyumonError
from ryumon.sandbox import CandidateFailure, Sandbox, Tier, confinement, view
from ryumon.sandbox.client import Child
from ryumon.task import Limits
from tests.sandbox.abuse.abuse import HONEST, SECRET, TOOLS, Abuse, Outcome
from tests.sandbox.abuse.defences import FRESH, GUEST, START, guest_module, worker_without
from tests.sandbox.abuse.world import World

User = Literal["root", "ordinary"]
_REPOSITORY = Path(__file__).parents[3]
_MEMORY = 8 << 30
_UID = "12345"
_SIBLING = "kept = []\ndef main(word):\n    kept.append(word)\n    return 'alive'"
_NEIGHBOUR = "import numpy\ndef main(world): return int(numpy.sum([1, 2, 3]))"


class Lane:
    """A zygote that `user` started, without the defences `off`, and this side of it."""

    def __init__(self, world: World, tier: Tier, user: User, off: tuple[str, ...] = ()) -> None:
        self.off = off
        self.uid = int(_UID) if user == "ordinary" else confinement._NOBODY
        inside = tuple(name for name in off if name in GUEST)
        preload = ["numpy"]
        if inside:
            preload.append(f"without_{len(os.listdir(world.packages))}")
            (world.packages / f"{preload[1]}.py").write_text(guest_module(inside))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(60)
        plan = {
            "fd": theirs.fileno(),
            "tier": tier,
            "preload": preload,
            "hidden": [str(world.task)],
            "off": [name for name in off if name in START],
            "paths": [str(_REPOSITORY), str(view.PACKAGE.parent), *view.package_folders(), str(world.packages)],
            "world": world.told,
        }
        script = str(Path(__file__).with_name("start.py"))
        command = [*_outer(user, bool(off)), sys.executable, "-B", script, json.dumps(plan)]
        environment = {"PATH": os.environ["PATH"], "AN_API_KEY": SECRET}
        with theirs:
            self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment, cwd="/")
        self.socket = ours
        self.sandbox = Sandbox(ours)

    def tasks(self) -> int:
        """Returns how many processes and threads the lane has, all that it ever started."""
        parents: dict[int, list[int]] = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                fields = Path("/proc", name, "stat").read_bytes().rpartition(b")")[2].split()  # a name may be no text
                if fields[0] != b"Z":
                    parents.setdefault(int(fields[1]), []).append(int(name))
        count, waiting = 0, [self.process.pid]
        while waiting:
            pid = waiting.pop()
            waiting += parents.get(pid, [])
            with contextlib.suppress(OSError):
                count += len(os.listdir(f"/proc/{pid}/task"))
        return count

    def close(self) -> None:
        """Ends the lane."""
        self.socket.close()
        try:
            self.process.wait(0.0 if self.off else 10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _outer(user: User, weakened: bool) -> list[str]:
    """Returns what runs the command that follows as that user, or where a weakened lane can do no harm."""
    if weakened:
        limiter = Path(view.__file__).with_name("limited.py")
        own = [] if os.geteuid() == 0 else ["--user", "--map-current-user"]
        apart = ["unshare", *own, "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc"]
        return [*apart, view.interpreter(), "-I", "-S", str(limiter), f"AS={_MEMORY}:{_MEMORY}", "--"]
    if user == "ordinary" and os.geteuid() == 0:
        become = ["setpriv", "--reuid", _UID, "--regid", _UID, "--clear-groups", "--inh-caps=-all"]
        return ["bwrap", "--dev-bind", "/", "/", "--die-with-parent", *_within_reach(), "--", *become]
    return []


def _within_reach() -> list[str]:
    """Returns what shows an ordinary user the interpreter and this repository, where they lie in folders of root's."""
    places = (Path(os.path.realpath(sys.base_prefix)), Path(sys.prefix), _REPOSITORY, view.PACKAGE.parent)
    covered = {place: top for place in places if (top := _private(place)) is not None}
    options = [word for top in sorted(set(covered.values())) for word in ("--perms", "0755", "--tmpfs", str(top))]
    for place, top in covered.items():
        for folder in (*reversed(place.relative_to(top).parents[:-1]), place.relative_to(top)):
            options += ["--perms", "0755", "--dir", str(top / folder)]
        options += ["--ro-bind", str(place), str(place)]
    return options


def _private(place: Path) -> Path | None:
    """Returns the highest folder above `place` that others may not enter."""
    return next((path for path in reversed(place.parents) if not path.stat().st_mode & 0o001), None)


def attack(lane: Lane, world: World, abuse: Abuse, limits: Limits) -> Outcome:
    """Runs an abuse on a lane, with a sibling beside it and a neighbour after it, and returns what came of it."""
    source, then = textwrap.dedent(abuse.source), textwrap.dedent(abuse.then) or _NEIGHBOUR
    files = {"main.py": source, "attack.py": TOOLS, "sibling.py": _SIBLING, "then.py": then}
    shared = FRESH in lane.off
    world.give(lane.uid)
    before_files = world.files()
    sibling = lane.sandbox.open(files if shared else {"sibling.py": _SIBLING}, limits if shared else Limits())
    answers: dict[str, Any] = {}
    with contextlib.suppress(RyumonError):
        sibling.call("sibling.py:main", [SECRET])
    before = lane.tasks()
    with worker_without(lane.off):
        child = sibling if shared else lane.sandbox.open(files, limits)
    try:
        with worker_without(lane.off):
            for name in abuse.calls:
                answers["claim"] = child.call(f"main.py:{name}", [world.told]).value
        answers |= {"status": "ok", "reason": "", "broke": ""}
    except CandidateFailure as failure:
        answers |= {"claim": None, "status": failure.status, "reason": failure.reason, "broke": ""}
    except Exception as error:  # noqa: BLE001 - whatever escapes would end a worker
        answers |= {"claim": None, "status": "", "reason": str(error)[:200], "broke": type(error).__name__}
    answers |= {"tasks": lane.tasks() - before, "log_bytes": os.fstat(child._log).st_size, "ending": None}
    answers["sibling"] = _answer(sibling, "sibling.py:main")
    if shared:
        answers["neighbour"] = _answer(child, "then.py:main")
    with contextlib.suppress(RyumonError, TimeoutError):
        answers["ending"] = child.close()
    answers["left"] = lane.tasks() - before
    if not shared:
        answers["neighbour"] = _answer_of(lane, files)
    with contextlib.suppress(RyumonError, TimeoutError):
        sibling.close()
    answers |= {"touched": _undone(world, before_files), "received": world.received()}
    return Outcome(**answers)


def _answer(child: Child, target: str) -> Any:
    try:
        return child.call(target, [{}]).value
    except (CandidateFailure, RyumonError, TimeoutError) as error:
        return type(error).__name__


def _answer_of(lane: Lane, files: dict[str, str]) -> Any:
    try:
        with lane.sandbox.open(files, Limits()) as child:
            return _answer(child, "then.py:main")
    except (RyumonError, TimeoutError) as error:
        return type(error).__name__


def _undone(world: World, before: dict[str, tuple[int, ...]]) -> tuple[str, ...]:
    """Returns which files changed; new ones are removed."""
    after = world.files()
    for path in sorted(set(after) - set(before), reverse=True):
        Path(path).rmdir() if os.path.isdir(path) else Path(path).unlink()
    return tuple(sorted(path for path, status in after.items() if before.get(path) != status))


class Beaten:
    """Lanes with defences switched off, kept for the next abuse that needs the same off, until one kills its lane."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lanes: dict[tuple[Tier, tuple[str, ...]], Lane] = {}

    def lane(self, tier: Tier, off: tuple[str, ...]) -> Lane:
        """Returns a living lane without these defences."""
        lane = self._lanes.get((tier, off))
        if lane is None or _answer_of(lane, {"then.py": _NEIGHBOUR}) != HONEST:
            if lane is not None:
                lane.close()
            user: User = "root" if os.geteuid() == 0 else "ordinary"
            lane = self._lanes[tier, off] = Lane(self._world, tier, user, off)
        return lane

    def close(self) -> None:
        """Ends them all."""
        for lane in self._lanes.values():
            lane.close()
