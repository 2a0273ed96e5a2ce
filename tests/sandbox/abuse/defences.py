"""How each defence is switched off, for a lane that is to be beaten.

A defence lives in the guest (switched off inside the zygote, before its first child), at the start of the lane, or in
the worker. Each is named as in `Abuse.off`; nothing here is ever applied to a lane of the contained ones.
"""

import contextlib
import importlib
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import numpy as np

from ryumon.sandbox import CandidateFailure, client, confinement, view

# Run in the zygote. `mounts` names what is done in place of a child's own mounts.
_GUEST_PREAMBLE = """
import math, resource
from guest import child, confine, seccomp, zygote
from guest.syscalls import numbers

harmless = numbers()["getpid"]

def without_limit(*kinds, lower=confine._lower):
    confine._lower = lambda kind, soft, hard: None if kind in kinds else lower(kind, soft, hard)

class Libc:
    def __init__(self, libc, mount):
        self._libc, self._mount = libc, mount
    def __getattr__(self, name):
        return getattr(self._libc, name)
    def mount(self, *args):
        return self._mount(self._libc.mount, *args)

def unsized(mount, source, target, kind, flags, options):
    return mount(source, target, kind, flags, b"mode=0700" if target == confine._WORK else options)

def uncovered(mount, source, target, *args):
    return 0 if target == b"/proc" else mount(source, target, *args)
"""
GUEST = {
    "system calls": "confine.load_filter = lambda filter: None",
    "process limit": "without_limit(resource.RLIMIT_NPROC)",
    "memory limit": "without_limit(resource.RLIMIT_AS)",
    "file size limit": "without_limit(resource.RLIMIT_FSIZE)",
    "descriptor limit": "without_limit(resource.RLIMIT_NOFILE)",
    "timer limit": "without_limit(resource.RLIMIT_SIGPENDING)",
    "clocks": "zygote.Running.due = lambda self: math.inf",
    "pid namespace": "confine.NAMESPACES &= ~0x20000000",
    "ipc namespace": "confine.NAMESPACES &= ~0x08000000",
    # Without mounts of its own a child has no folder to hold its files; they load from memory.
    "namespaces": (
        "confine.NAMESPACES = 0; confine.enter_own_files = lambda *_: None; child._write_file = lambda *_: None"
    ),
    "size of the work folder": "confine.libc = Libc(confine.libc, unsized)",
    "cover of /proc": "confine.libc = Libc(confine.libc, uncovered)",
    "no capabilities": "confine._CAPSET = harmless",
    "closed descriptors": "confine._CLOSE_RANGE = harmless",
    "own input": "confine.own_input = lambda: None",
    "own session": "confine.own_session = lambda: None",
    "child's domain": "confine.landlock.enter = lambda ruleset: None",
    "unreadable zygote": "confine.protect_self = lambda: None",
}


def guest_module(names: tuple[str, ...]) -> str:
    """Returns a module that switches these off in the zygote that imports it."""
    return "\n".join([_GUEST_PREAMBLE, *(GUEST[name] for name in names)])


def _view(world: dict[str, Any]) -> None:
    base = view._base
    shown = [Path(world["folder"]), Path("/etc"), Path(world["task"]).parent]
    view._base = lambda python: [*base(python), *shown]


def _masks(world: dict[str, Any]) -> None:
    view._without = lambda view, *_: view


def _options(change: Callable[[list[str]], list[str]]) -> Callable[[dict[str, Any]], None]:
    def patch(world: dict[str, Any]) -> None:
        options = confinement._options
        confinement._options = lambda *args: change(options(*args))

    return patch


def _writable(options: list[str]) -> list[str]:
    return ["--bind" if option == "--ro-bind" else option for option in options[:-2]]


def _on_the_network(options: list[str]) -> list[str]:
    return ["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", *options[1:]]


def _as_root(world: dict[str, Any]) -> None:
    os.geteuid = lambda: 1000
    _restricting("restrict.become = lambda user: None")(world)


def _restricting(change: str) -> Callable[[dict[str, Any]], None]:
    """Returns what changes the launcher of tier B, a process of its own."""

    def patch(world: dict[str, Any]) -> None:
        before, main, after = confinement._RESTRICT.partition("main(")
        confinement._RESTRICT = f"{before}from guest import landlock, restrict, seccomp; {change}; {main}{after}"

    return patch


def _environment(world: dict[str, Any]) -> None:
    environment = confinement._environment
    confinement._environment = lambda *args: {**os.environ, **environment(*args)}


# Run in the process that starts the lane.
START: dict[str, Callable[[dict[str, Any]], None]] = {
    "view": _view,
    "masks": _masks,
    "read-only": _options(_writable),
    "empty network": _options(_on_the_network),
    "ordinary user": _as_root,
    "role's domain": _restricting("landlock.enter = lambda ruleset: None"),
    "role's system calls": _restricting("seccomp.load = lambda libc, filter: None"),
    "empty environment": _environment,
}


def _lenient_exchange(child: client.Child, target: str, args: Any, driver: str | None) -> Any:
    try:
        return _EXCHANGE(child, target, args, driver)
    except CandidateFailure as failure:
        if "exit code 0" in failure.reason or "SystemExit: 0" in failure.reason:
            child._failure = None
            return None
        raise


_EXCHANGE, _INIT = client.Child._exchange, client.Child.__init__


def _endless_init(child: client.Child, sandbox: client.Sandbox, id: int, stream: Any, log: int, *rest: Any) -> None:
    limits, load = rest
    _INIT(child, sandbox, id, stream, log, msgspec.structs.replace(limits, claim_kb=1 << 20), load)


_NAIVE = msgspec.msgpack.Decoder(
    ext_hook=lambda code, data: np.frombuffer(data[4:], np.dtype(bytes(data[1:4]).decode()))
)


def _unpickled(data: bytes) -> Any:
    return pickle.loads(data)  # noqa: S301  what this repository never does: the test shows why


WORKER: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "numbered questions": (("secrets", "compare_digest", lambda a, b: True),),
    "an exit is no answer": (("ryumon.sandbox.client", "Child._exchange", _lenient_exchange),),
    "length of answers": (("ryumon.sandbox.client", "Child.__init__", _endless_init),),
    "plain data only": (("ryumon.sandbox.guest.codec", "decode", _unpickled),),
    "checks of answers": (("ryumon.sandbox.guest.codec", "decode", _NAIVE.decode),),
    "extents of empty arrays": (("ryumon.sandbox.guest.codec", "_hollow", lambda shape, dtype: False),),
}
FRESH = "fresh children"  # switched off by running all candidates in one child


@contextlib.contextmanager
def worker_without(names: tuple[str, ...]) -> Iterator[None]:
    """Switches these off in this process, which is the worker's side of the lanes."""
    with contextlib.ExitStack() as stack:
        for name in names:
            for module, attribute, value in WORKER.get(name, ()):
                owner: Any = importlib.import_module(module)
                *path, last = attribute.split(".")
                for part in path:
                    owner = getattr(owner, part)
                stack.enter_context(mock.patch.object(owner, last, value))
        yield
