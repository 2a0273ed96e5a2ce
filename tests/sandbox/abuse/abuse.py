"""What an abuse is: a candidate that attacks, how to tell that it won, and which defences keep it from winning.

One record serves two tests: with every defence in place the attack must not win, and with its own defences switched off
it must, or the first test would prove nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ryumon.sandbox import Ending, Tier
from ryumon.task import Limits

# Beside every attack, as `attack.py`: what most of them need.
TOOLS = """
import ctypes, errno, os, platform, sys

libc = ctypes.CDLL(None, use_errno=True)
# Numbers on x86_64 and aarch64.
CALLS = {
    "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41), "mount": (165, 40),
    "umount": (166, 39), "fsopen": (430, 430), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "pidfd_getfd": (438, 438), "kcmp": (312, 272), "keyctl": (250, 219), "add_key": (248, 217), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "memfd_create": (319, 279),
    "shmget": (29, 194), "shmat": (30, 196), "shmdt": (67, 197), "msgget": (68, 186), "msgsnd": (69, 189),
    "msgrcv": (70, 188), "mq_open": (240, 180), "clock_settime": (227, 112), "settimeofday": (164, 170),
    "adjtimex": (159, 171), "capset": (126, 91), "clone": (56, 220), "flock": (73, 32),
}
COLUMN = 0 if platform.machine() == "x86_64" else 1

def syscall(name, *args):
    '''Returns the result, or the name of the error.'''
    libc.syscall.restype = ctypes.c_long
    result = libc.syscall(CALLS[name][COLUMN], *args)
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]

def attempt(action, *args):
    '''Returns what the action gives, or the name of its error.'''
    try:
        return action(*args)
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)

def read(path):
    with open(path, "rb") as file:
        return file.read(1 << 16)

def raw(payload, nonce=None):
    '''Writes an answer whose payload is given, past the code that would check it.'''
    import msgspec
    body = msgspec.msgpack.encode([nonce or asked(), "ok", payload, ""])
    os.write(3, len(body).to_bytes(4, "big") + body)

def asked():
    '''Returns the number of the question that is being answered.'''
    return local("request").nonce

def local(name):
    frame = sys._getframe()
    while name not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals[name]
"""

ANSWERED = "survived"
HONEST = 6  # what the next candidate answers, unless an abuse names another one
SECRET = "held-out-4c1f"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an attack led to, seen from outside it. `broke` names an error that no candidate may cause in a worker."""

    claim: Any
    status: str
    reason: str
    ending: Ending | None
    broke: str
    log_bytes: int
    tasks: int  # processes and threads of the child, counted before it was closed
    left: int  # of them, what was there after it was closed
    sibling: Any  # what another candidate answered that ran at the same time
    neighbour: Any  # what the next candidate of the same lane answered
    touched: tuple[str, ...]  # files of this machine that changed
    received: tuple[str, ...]  # servers of this machine that were reached


class Abuse(msgspec.Struct, frozen=True, kw_only=True):
    """One attack. `calls` are made in order with what the world holds; the last one's answer is the claim.

    `off` names, for each tier, the defences without which it wins, all of them where one doubles another; a tier where
    there is nothing to win is left out. `then` is the candidate that runs next. `unless` says on which machines even
    an undefended attack cannot win.
    """

    name: str
    source: str
    won: Callable[[Outcome, Limits], bool]
    off: Mapping[Tier, tuple[str, ...]]
    limits: Limits = Limits(cpu_s=2)
    processes: tuple[int, ...] = (1, 64)
    calls: tuple[str, ...] = ("main",)
    then: str = ""
    unless: Callable[[], str | None] = lambda: None


def everywhere(*defences: str) -> dict[Tier, tuple[str, ...]]:
    """Returns that an attack wins at each tier without these."""
    return {"A": defences, "B": defences}


def found(outcome: Outcome, limits: Limits) -> bool:
    """Returns whether the claim holds a text that only a secret held."""
    return SECRET in repr(outcome.claim)


def claimed(value: Any) -> Callable[[Outcome, Limits], bool]:
    """Returns the test that the claim is `value`."""
    return lambda outcome, limits: bool(type(outcome.claim) is type(value) and outcome.claim == value)
