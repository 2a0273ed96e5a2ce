"""The system-call filters of children and of roles, as BPF programs built once and loaded where they are to hold.

A child's is an allowlist: what is not named fails with EPERM. A role's, used where no namespace holds it, is a list of
what is refused, since a task's trusted code calls what it likes. Calls are found by binary search over their numbers,
which keeps both loading (the kernel emulates the program for every number) and each later call cheap.
"""

import ctypes
import errno
import struct
from typing import Literal

from .syscalls import (
    ALWAYS,
    AUDIT_ARCH,
    FILTERED,
    FORKS,
    MACHINE,
    NAMESPACED,
    NOT_FOR_ROLES,
    PROCESSES,
    WORK_FOLDER,
    numbers,
)

_LOAD, _JEQ, _JGE, _JSET, _AND, _RET = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_X32 = 0x40000000
_DENY = _ERRNO | errno.EPERM
_NUMBER, _ARCH = 0, 4

_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET
# Terminal and descriptor queries; TIOCSTI, which types into a terminal, is among all the others that are refused.
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_GETPIPE_SZ: what concerns the descriptor itself.
# Refused are locks, leases and hints, through which candidates could talk by way of files that all of them see, and
# pipes larger than usual, which would hide memory.
_FCNTLS = (0, 1, 2, 3, 4, 1030, 1032)
_PRCTLS = (15, 16, 0x53564D41)  # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA
_RLIMIT_CPU = 0
_AF_UNIX = 1
_CONNECTED = (1, 5)  # SOCK_STREAM, SOCK_SEQPACKET: a pair of another type could be sent to any address
_SOCKET_TYPE = 0xF
_THREAD = 0x10000  # CLONE_THREAD
Confined = Literal["A", "B", "C"]

_Code = list[tuple[int, int, int, int]]


def program(processes: bool, tier: Confined, machine: str = MACHINE) -> bytes | None:
    """Returns the instructions of a child's filter, or None for a machine without a table.

    `processes` allows fork and exec (never with a new namespace). At tier A a pid namespace bounds whom signals reach;
    at tier B the child has no work folder, and changes no file.
    """
    table = numbers(machine)
    if not table:
        return None
    allowed = ALWAYS + (NAMESPACED if tier == "A" else "")
    allowed += (PROCESSES if processes else "") + ("" if tier == "B" else WORK_FOLDER)
    actions = {table[name]: [_ret(_ALLOW)] for name in allowed.split() if name in table}
    actions |= {table[name]: code for name, code in _filtered(processes, tier).items() if name in table}
    return _assembled(actions, [_ret(_DENY)], [_ret(_DENY)], machine)


def role_program(forks: bool, machine: str = MACHINE) -> bytes | None:
    """Returns the instructions of a role's filter at tier B, or None for a machine without a table.

    Without `forks` it starts threads and no process, so that nothing outlives it.
    """
    table = numbers(machine)
    if not table:
        return None
    refused = NOT_FOR_ROLES + ("" if forks else FORKS)
    actions = {table[name]: [_ret(_DENY)] for name in refused.split() if name in table}
    thread = [_argument(0), (_JSET, 1, 0, _THREAD), _ret(_DENY), _ret(_ALLOW)]
    actions[table["clone"]] = _new_namespaces() if forks else thread
    actions[table["clone3"]] = [_ret(_ERRNO | errno.ENOSYS)]
    actions[table["prlimit64"]] = _one_of(0, (0,), _ALLOW, _DENY)
    pair = [_argument(1), (_AND, 0, 0, _SOCKET_TYPE), (_JEQ, 2, 0, _CONNECTED[0]), (_JEQ, 1, 0, _CONNECTED[1])]
    actions[table["socketpair"]] = [*pair, _ret(_DENY), _ret(_ALLOW)]
    # A call that this list is too old to know is one that the kernel does not have.
    return _assembled(actions, [_ret(_ALLOW)], [_ret(_ERRNO | errno.ENOSYS)], machine)


def _assembled(actions: dict[int, _Code], otherwise: _Code, beyond: _Code, machine: str) -> bytes:
    """Returns a program that does what `actions` say by number, `otherwise` between and `beyond` above them."""
    code: _Code = [(_LOAD, 0, 0, _ARCH), (_JEQ, 1, 0, AUDIT_ARCH[machine]), _ret(_KILL), (_LOAD, 0, 0, _NUMBER)]
    code += [(_JGE, 0, 1, _X32), _ret(_DENY), *_tree(_segments(actions, otherwise, beyond))]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


class Filter(ctypes.Structure):
    """Instructions in the form that the kernel takes."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))

    def __init__(self, instructions: bytes) -> None:
        super().__init__(len(instructions) // 8, instructions)


def load(libc: ctypes.PyDLL, filter: Filter) -> None:
    """Loads the filter into this process for good; raises `OSError` where the kernel refuses."""
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(filter), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


def _new_namespaces() -> _Code:
    return [_argument(0), (_JSET, 0, 1, _NEW_NAMESPACES), _ret(_DENY), _ret(_ALLOW)]


def _limits(own_only: bool) -> _Code:
    """Refuses to set the limit of CPU time, by which a child could have itself killed as if from outside; and with
    `own_only`, another process's limits, which only a pid namespace keeps out of reach."""
    code = [_argument(0), (_JEQ, 1, 0, 0), _ret(_DENY)] if own_only else []
    code += [_argument(1), (_JEQ, 1, 0, _RLIMIT_CPU), _ret(_ALLOW)]
    for high in (False, True):  # of the address of the new limit: 0 where it is only asked for
        code += [_argument(2, high=high), (_JEQ, 1, 0, 0), _ret(_DENY)]
    return [*code, _ret(_ALLOW)]


def _filtered(processes: bool, tier: Confined) -> dict[str, _Code]:
    rules = {
        # ENOSYS: libraries then use clone, whose flags a filter can read.
        "clone3": [_ret(_ERRNO | errno.ENOSYS)],
        "clone": _new_namespaces() if processes else [_ret(_DENY)],
        "ioctl": _one_of(1, _IOCTLS, _ALLOW, _DENY),
        "fcntl": _one_of(1, _FCNTLS, _ALLOW, _DENY),
        "prctl": _one_of(0, _PRCTLS, _ALLOW, _DENY),
        "setrlimit": _one_of(0, (_RLIMIT_CPU,), _DENY, _ALLOW),
        "prlimit64": _limits(own_only=tier != "A"),
        # Without flags: one of them asks whether others have read a part of a file lately.
        "preadv2": _one_of(5, (0,), _ALLOW, _DENY),
        "pwritev2": _one_of(5, (0,), _ALLOW, _DENY),
        "socketpair": _one_of(0, (_AF_UNIX,), _ALLOW, _DENY),
        # Only to the peer: no address.
        "sendto": [_argument(4), (_JEQ, 0, 3, 0), _argument(4, high=True), (_JEQ, 0, 1, 0), _ret(_ALLOW), _ret(_DENY)],
    }
    assert set(rules) == set(FILTERED.split())
    return rules


def _ret(action: int) -> tuple[int, int, int, int]:
    return (_RET, 0, 0, action)


def _argument(index: int, high: bool = False) -> tuple[int, int, int, int]:
    return (_LOAD, 0, 0, 16 + 8 * index + (4 if high else 0))


def _one_of(index: int, values: tuple[int, ...], found: int, otherwise: int) -> _Code:
    tests = [(_JEQ, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [_argument(index), *tests, _ret(otherwise), _ret(found)]


def _segments(actions: dict[int, _Code], otherwise: _Code, beyond: _Code) -> list[tuple[int, _Code]]:
    """Returns (first number, code) of each stretch of numbers that share their code, in order and without gaps."""
    segments = [(0, actions.get(0, otherwise))]
    last = max(actions)
    for number in range(1, last + 2):
        code = actions.get(number, otherwise if number <= last else beyond)
        if code != segments[-1][1]:
            segments.append((number, code))
    return segments


def _tree(segments: list[tuple[int, _Code]]) -> _Code:
    if len(segments) == 1:
        return segments[0][1]
    middle = len(segments) // 2
    left = _tree(segments[:middle])
    if len(left) > 255:
        raise ValueError("the filter outgrew a BPF jump; split its left half")
    return [(_JGE, len(left), 0, segments[middle][0]), *left, *_tree(segments[middle:])]
