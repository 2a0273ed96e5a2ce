"""Landlock: rulesets of files that may be read, and the domains that hold processes to them.

A process in a domain opens no other file, makes, changes and removes none, connects and binds no TCP socket, reaches no
abstract socket, and signals or traces no process outside it. Not covered by Landlock: `stat` of any path, and changes
of mode, owner and times, which the system-call filter refuses. Uses the standard library only: the launcher imports it.
Source: `linux/landlock.h`.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from typing import Literal

from .syscalls import numbers

LEAST = 6  # the first ABI with scoped signals and abstract sockets
_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_ALL_FILES = (1 << 16) - 1  # up to IOCTL_DEV, which ABI 5 added
_TCP, _SCOPES = 0b11, 0b11  # bind and connect; abstract sockets and signals
_NO_NEW_PRIVILEGES = 38

Kind = Literal["read", "run", "list", "device"]
_RIGHTS = {
    "read": _READ_FILE | _READ_DIR,
    "run": _READ_FILE | _READ_DIR | _EXECUTE,
    "list": _READ_DIR,
    "device": _READ_FILE | _WRITE_FILE,
}
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE

_libc = ctypes.PyDLL(None, use_errno=True)
_CREATE, _ADD, _RESTRICT = (
    numbers().get(f"landlock_{name}", -1) for name in ("create_ruleset", "add_rule", "restrict_self")
)


def version() -> int:
    """Returns the kernel's Landlock ABI; 0 where it has none, or where it is switched off."""
    return max(0, int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)))


def ruleset(paths: Iterable[tuple[str, Kind]]) -> int:
    """Returns the descriptor of a ruleset that allows what `paths` say, each with all that lies below it."""
    attributes = struct.pack("<QQQ", _ALL_FILES, _TCP, _SCOPES)
    made = _checked(_libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0), "landlock_create_ruleset")
    for path, kind in paths:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rights = _RIGHTS[kind]
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                rights &= _OF_A_FILE
            rule = struct.pack("<Qi", rights, descriptor)
            _checked(_libc.syscall(_ADD, made, _PATH_BENEATH, rule, 0), f"landlock_add_rule for {path}")
        finally:
            os.close(descriptor)
    return made


def enter(descriptor: int) -> None:
    """Puts this process into a new domain of the ruleset's, for good."""
    _checked(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "prctl")
    _checked(_libc.syscall(_RESTRICT, descriptor, 0), "landlock_restrict_self")


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result
