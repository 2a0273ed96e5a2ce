"""Becomes a command that Landlock and a system-call filter confine: what tier B has in bubblewrap's place.

Started in a bare interpreter as `python … restrict PLAN -- COMMAND…`, where PLAN is JSON with the fields of `Plan`.
Run by root, it first becomes an ordinary user; where that user could not reach a path below a folder of root's, it
covers that folder in a mount namespace of its own. The word `@ruleset` in the command becomes the descriptor of a
ruleset for children. Uses the standard library only.
"""

import ctypes
import json
import os
import stat
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, TypedDict

from . import landlock, seccomp
from .landlock import Kind
from .syscalls import numbers

_PDEATHSIG, _AMBIENT, _CLEAR_AMBIENT = 1, 47, 4
_NEW_MOUNTS = 0x20000
_PRIVATE, _RECURSIVE, _BIND = 1 << 18, 16384, 4096
_DEVICES: tuple[tuple[str, Kind], ...] = (
    ("/dev/null", "device"),
    ("/dev/zero", "device"),
    ("/dev/full", "device"),
    ("/dev/random", "read"),
    ("/dev/urandom", "read"),
)
# What libraries ask of the machine that they start on. Children, which are copies, ask nothing any more.
_MACHINE: tuple[tuple[str, Kind], ...] = (
    ("/proc/self", "read"),
    ("/proc/cpuinfo", "read"),
    ("/proc/meminfo", "read"),
    ("/sys/devices/system/cpu", "read"),
)

_libc = ctypes.PyDLL(None, use_errno=True)


class Plan(TypedDict):
    """`shown`: folders and files to read with what lies below them, save `hidden`; `listed`: folders of which only the
    names may be read; `user`: whom root becomes; `zygote`: whether it clones children, under a ruleset of their own."""

    shown: list[str]
    listed: list[str]
    hidden: list[str]
    user: int
    zygote: bool


def allowed(shown: str, hidden: set[str]) -> Iterator[tuple[str, str]]:
    """Returns (path, "tree" or "list") of all that may be read below a path. Where something in it is hidden, each of
    its other entries by itself: Landlock allows whole trees, and takes nothing out of them again."""
    if shown in hidden:
        return
    if not any(path.startswith(shown.rstrip("/") + "/") for path in hidden):
        yield shown, "tree"
        return
    yield shown, "list"
    with os.scandir(shown) as entries:
        for entry in entries:
            if not entry.is_symlink():  # what it leads to is judged by its own path
                yield from allowed(entry.path, hidden)


def rulesets(plan: Plan) -> tuple[int, int]:
    """Returns the descriptors of the role's own ruleset and of its children's, the latter -1 where there are none."""
    hidden = {os.path.realpath(path) for path in plan["hidden"]}
    found = [pair for path in plan["shown"] for pair in allowed(os.path.realpath(path), hidden)]
    found += [(path, "list") for path in plan["listed"]]
    mine: list[tuple[str, Kind]] = [(path, "run" if kind == "tree" else "list") for path, kind in found]
    mine += [*_DEVICES, *((path, kind) for path, kind in _MACHINE if os.path.exists(path))]
    if not plan["zygote"]:
        return landlock.ruleset(mine), -1
    theirs: list[tuple[str, Kind]] = [(path, "read" if kind == "tree" else "list") for path, kind in found]
    return landlock.ruleset(mine), landlock.ruleset([*theirs, *_DEVICES])


def reveal(paths: list[str]) -> None:
    """Shows `paths` under their own names to an ordinary user, where they lie in folders that only root may enter."""
    private = {path: top for path in paths if (top := _private(path)) is not None}
    if not private:
        return
    if _libc.unshare(_NEW_MOUNTS):
        _stop(f"root may not unshare mounts here, and no other user can reach {min(private)}")
    _mount("none", "/", None, _PRIVATE | _RECURSIVE)
    opened = {path: os.open(path, os.O_PATH) for path in private}
    for top in sorted(set(private.values())):
        _mount("tmpfs", top, "tmpfs", 0, "mode=0755,size=1m")
    for path in sorted(opened):
        if os.path.exists(path):  # within one that is bound already
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if stat.S_ISDIR(os.fstat(opened[path]).st_mode):
            os.mkdir(path)
        else:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        _mount(f"/proc/self/fd/{opened[path]}", path, None, _BIND | _RECURSIVE)
    for descriptor in opened.values():
        os.close(descriptor)


def _private(path: str) -> str | None:
    """Returns the highest folder above a path that only its owner and group may enter."""
    above = reversed(Path(path).parents)
    return next((str(folder) for folder in above if not folder.stat().st_mode & stat.S_IXOTH), None)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    encoded = [None if text is None else text.encode() for text in (source, target, kind, options)]
    if _libc.mount(*encoded[:3], ctypes.c_ulong(flags), encoded[3]):
        _stop(f"cannot mount {target}: {os.strerror(ctypes.get_errno())}")


def _stop(reason: str) -> NoReturn:
    sys.exit(f"sandbox: {reason}; run as an ordinary user instead")


def become(user: int) -> None:
    """Becomes an ordinary user where this is root, and gives up every capability."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _libc.prctl(_AMBIENT, _CLEAR_AMBIENT, 0, 0, 0)
    if _libc.syscall(numbers()["capset"], struct.pack("<Ii", 0x20080522, 0), bytes(24)):
        _stop(f"cannot give up capabilities: {os.strerror(ctypes.get_errno())}")
    # Only now: a change of user would unset it. A container's first process has a parent that is the engine's affair.
    if os.getpid() != 1:
        _libc.prctl(_PDEATHSIG, 9, 0, 0, 0)


def confine(plan: Plan) -> int:
    """Confines this process for good; returns the descriptor of the ruleset for its children, or -1."""
    program = seccomp.role_program(plan["zygote"])
    if program is None:
        _stop("there is no system-call table for this machine")
    if landlock.version() < landlock.LEAST:
        _stop(f"Landlock's version here is {landlock.version()}, and tier B takes {landlock.LEAST} or newer")
    if os.geteuid() == 0:
        reveal([path for given in plan["shown"] for path in {given, os.path.realpath(given)}])
    mine, theirs = rulesets(plan)
    become(plan["user"])
    landlock.enter(mine)
    os.close(mine)
    for path in plan["shown"]:
        if not os.access(path, os.R_OK):
            _stop(f"user {os.getuid()} cannot read {path}")
    seccomp.load(_libc, seccomp.Filter(program))
    return theirs


def main(arguments: list[str]) -> None:
    """Confines itself and becomes the command."""
    split = arguments.index("--")
    ruleset = confine(json.loads(arguments[0]))
    if ruleset >= 0:
        os.set_inheritable(ruleset, True)
    command = [str(ruleset) if word == "@ruleset" else word for word in arguments[split + 1 :]]
    os.chdir("/")
    os.execv(command[0], command)
