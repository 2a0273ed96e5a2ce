"""How a freshly cloned child gives up everything but its own stream, log and, at tier A, work folder.

Not covered here: what the zygote's own mount namespace or Landlock domain shows (the supervisor decides that), and time
limits (the zygote enforces those).
"""

import ctypes
import math
import os
import resource
import struct
from collections.abc import Callable
from functools import cache, partial

from . import child, landlock, seccomp
from .messages import Spawn
from .syscalls import numbers

WORK = "/box"
EMPTY = "/.empty"
NAMESPACES = 0x10000000 | 0x20000000 | 0x00020000 | 0x08000000  # user, pid, mount, ipc
_NOSUID, _NODEV, _BIND = 2, 4, 4096
_PDEATHSIG, _DUMPABLE, _CHILD_SUBREAPER = 1, 4, 36
_RESERVE = 16 << 20  # address space to report a memory error with
_DESCRIPTORS = 128
_QUEUED = 128  # timers and queued signals: memory of the kernel's, and shared by all of a user's processes
_STACK = 16 << 20

libc = ctypes.PyDLL(None, use_errno=True)


def checked(result: int, what: str) -> int:
    """Returns a system call's result; raises `OSError` where it failed."""
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def protect_self() -> None:
    """Makes this process unreadable to others of its user, and ends it with its parent."""
    checked(libc.prctl(_DUMPABLE, 0, 0, 0, 0), "prctl")
    if os.getpid() != 1:  # a container's first process has a parent that is the engine's affair
        checked(libc.prctl(_PDEATHSIG, 9, 0, 0, 0), "prctl")


def inherit_orphans() -> None:
    """Makes this process the parent of descendants whose own parent has ended."""
    checked(libc.prctl(_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def clone(namespaces: int) -> int:
    """Forks into fresh namespaces of these kinds (0: into none); returns the pid, or 0 in the child.

    A raw system call, because `unshare` moves only later children into a pid namespace. The GIL stays held. Python's
    fork hooks mend what other threads held; without such threads they would only cost a tenth of an evaluation.
    """
    hooks = _has_threads()
    if hooks:
        ctypes.pythonapi.PyOS_BeforeFork()
    pid = int(libc.syscall(_CLONE, namespaces | 17, 0, 0, 0, 0))
    if pid == 0:
        if hooks:
            ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0
    error = ctypes.get_errno()
    if hooks:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(error, f"clone: {os.strerror(error)}")
    return pid


@cache
def _has_threads() -> bool:
    return len(os.listdir("/proc/self/task")) > 1


_CLONE = numbers().get("clone", -1)


def keep_only(stream: int, log: int, ruleset: int) -> None:
    """Makes `log` the standard output and error and `stream` the child's stream, empties the standard input, enters a
    domain of the Landlock `ruleset` unless it is negative, and closes every other descriptor."""
    libc.prctl(_PDEATHSIG, 9, 0, 0, 0)
    own_input()
    os.dup2(log, 1)
    os.dup2(log, 2)
    if ruleset >= 0:
        landlock.enter(ruleset)
    if stream == child.STREAM:
        os.set_inheritable(stream, False)
    else:
        os.dup2(stream, child.STREAM, inheritable=False)
    # Not os.closerange, which on some builds of Python closes a million descriptors one by one.
    checked(libc.syscall(_CLOSE_RANGE, child.STREAM + 1, ctypes.c_uint(0xFFFFFFFF), 0), "close_range")


_CLOSE_RANGE = numbers().get("close_range", -1)


def own_input() -> None:
    """Opens an empty standard input of its own: the zygote's has flags that one child could leave to the next."""
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)


def own_session() -> None:
    """Leaves the zygote's process group: a signal to the group reaches all of it, past every pid namespace."""
    os.setsid()


def enter_own_files(spec: Spawn, user: int, group: int) -> None:
    """Maps the user, mounts the work folder, hides /proc, and gives up every capability."""
    # The zygote is not dumpable, which would make this process's own /proc files somebody else's.
    checked(libc.prctl(_DUMPABLE, 1, 0, 0, 0), "prctl")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, text.encode())
        os.close(descriptor)
    options = f"size={spec.disk_mb}m,nr_inodes={1024 + 64 * spec.disk_mb},mode=0700".encode()
    checked(libc.mount(b"tmpfs", _WORK, b"tmpfs", _NOSUID | _NODEV, options), "mount of the work folder")
    checked(libc.mount(_EMPTY, b"/proc", None, _BIND, None), "cover of /proc")
    os.chdir(WORK)
    checked(libc.syscall(_CAPSET, _CAP_HEADER, _NO_CAPABILITIES), "capset")


_WORK, _EMPTY = WORK.encode(), EMPTY.encode()
_CAP_HEADER, _NO_CAPABILITIES = struct.pack("<Ii", 0x20080522, 0), bytes(24)
_CAPSET = numbers().get("capset", -1)


def limit_resources(spec: Spawn, baseline: int, processes: int) -> None:
    """Sets the rlimits. `baseline` is the address space that the zygote uses before any candidate."""
    memory = baseline + (spec.memory_mb << 20)
    cpu = math.ceil(spec.cpu_s) + 2
    for kind, soft, hard in (
        (resource.RLIMIT_AS, memory, memory + _RESERVE),
        (resource.RLIMIT_CPU, cpu, cpu + 1),
        (resource.RLIMIT_FSIZE, spec.disk_mb << 20, spec.disk_mb << 20),
        (resource.RLIMIT_NPROC, processes, processes),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS, _DESCRIPTORS),
        (resource.RLIMIT_SIGPENDING, _QUEUED, _QUEUED),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_STACK, _STACK, _STACK),
    ):
        if processes or kind != resource.RLIMIT_NPROC:
            _lower(kind, soft, hard)


def memory_reserve() -> Callable[[], None]:
    """Returns what lets a child that ran out of memory still say so; calling it allocates nothing."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    return partial(resource.setrlimit, resource.RLIMIT_AS, (hard, hard))


def address_space() -> int:
    """Returns the bytes of address space that this process has mapped."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def load_filter(filter: seccomp.Filter) -> None:
    """Loads the system-call filter."""
    seccomp.load(libc, filter)


def _lower(kind: int, soft: int, hard: int) -> None:
    """Sets a limit, or as much of it as the limit already in force allows."""
    try:
        resource.setrlimit(kind, (soft, hard))
    except ValueError:
        ceiling = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (min(soft, ceiling), min(hard, ceiling)))
