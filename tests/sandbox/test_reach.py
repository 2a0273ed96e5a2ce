"""A candidate reaches no network, no other process, no namespace and no capability."""

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from ryumon.sandbox import CandidateFailure, Ending, Sandbox
from ryumon.task import Limits

Ask = Callable[..., Any]
Fail = Callable[..., tuple[CandidateFailure, Ending]]

_CALL = (
    "import ctypes\n"
    "libc = ctypes.CDLL(None, use_errno=True)\n"
    "def call(number, *args):\n"
    "    result = libc.syscall(number, *args)\n"
    "    return 'allowed' if result >= 0 else errno.errorcode[ctypes.get_errno()]\n"
)
FORBIDDEN = {
    "unshare": (272, 0x10000000),
    "setns": (308, 0, 0),
    "chroot": (161, b"/box"),
    "pivot_root": (155, b"/box", b"/box"),
    "mount": (165, b"tmpfs", b"/box", b"tmpfs", 0, 0),
    "umount": (166, b"/proc", 0),
    "fsopen": (430, b"tmpfs", 0),
    "ptrace": (101, 0, 0, 0, 0),
    "process_vm_readv": (310, 1, 0, 0, 0, 0, 0),
    "pidfd_getfd": (438, 0, 0, 0),
    "kcmp": (312, 1, 1, 0, 0, 0),
    "keyctl": (250, 0, 0, 0, 0, 0),
    "bpf": (321, 0, 0, 0),
    "perf_event_open": (298, 0, 0, 0, 0, 0),
    "userfaultfd": (323, 0),
    "io_uring_setup": (425, 1, 0),
    "memfd_create": (319, b"x", 0),
    "shmget": (29, 0, 4096, 0o1600),
    "msgget": (68, 0, 0o1600),
    "mq_open": (240, b"x", 0, 0, 0),
    "clock_settime": (227, 0, 0),
    "settimeofday": (164, 0, 0),
    "capset": (126, 0, 0),
    "sync": (162,),
    "clone of a user namespace": (56, 0x10000011, 0, 0, 0, 0),
    "x32 getpid": (0x40000000 + 39,),
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers above are those of x86_64")
def test_the_calls_that_widen_reach_are_refused(ask: Ask) -> None:
    source = _CALL + "def main(calls): return {name: call(*args) for name, args in calls.items()}"
    for processes in (1, 4):
        outcome = ask(source, FORBIDDEN, limits=Limits(processes=processes))
        assert {name: result for name, result in outcome.items() if result != "EPERM"} == {}


def test_there_is_no_network(ask: Ask) -> None:
    source = (
        "import socket\n"
        "def main():\n"
        "    kinds = [(2, 1), (2, 2), (10, 1), (10, 2), (1, 1), (1, 2), (16, 3), (17, 3)]\n"
        "    return [refused(socket.socket, family, kind) for family, kind in kinds]\n"
    )
    assert ask(source) == ["EPERM"] * 8


def test_a_socket_pair_talks_to_itself_only(ask: Ask) -> None:
    source = (
        "import socket\n"
        "def main():\n"
        "    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "    a.send(b'x')\n"
        "    return [b.recv(1), refused(a.bind, '\\0name'), refused(a.connect, '\\0name'),\n"
        "            refused(a.sendto, b'x', '\\0name'), refused(a.sendmsg, [b'x'])]\n"
    )
    assert ask(source) == [b"x", "EPERM", "EPERM", "EPERM", "EPERM"]


def test_it_is_alone_and_without_capabilities(ask: Ask) -> None:
    source = (
        "import ctypes, struct\n"
        "def main():\n"
        "    data = ctypes.create_string_buffer(24)\n"
        "    ctypes.CDLL(None).syscall(125, struct.pack('<Ii', 0x20080522, 0), data)\n"
        "    return [os.getpid(), os.getuid() != 0, data.raw == bytes(24), os.listdir('/proc'), os.getppid()]\n"
    )
    assert ask(source) == [1, True, True, [], 0]


def test_signals_reach_nobody_else(ask: Ask, sandbox: Sandbox) -> None:
    source = "def main(): return [refused(os.kill, number, 9) for number in (2, 3, 100, 1000)]"
    with sandbox.open({"main.py": "def main(): return 'alive'"}, Limits()) as other:
        assert ask(source) == ["ESRCH"] * 4
        assert other.call("main.py:main", []).value == "alive"


@pytest.mark.parametrize("name", ["TIOCSTI", "F_SETPIPE_SZ"])
def test_terminals_and_large_pipes_are_refused(ask: Ask, name: str) -> None:
    attempt = {
        "TIOCSTI": "fcntl.ioctl(0, 0x5412, b'x')",
        "F_SETPIPE_SZ": "fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)",
    }[name]
    source = f"import fcntl\ndef main(): return refused(lambda: {attempt})"
    assert ask(source) == "EPERM"


def test_no_lock_or_hint_on_a_shared_file_tells_another_candidate_anything(ask: Ask) -> None:
    source = """
    import fcntl, struct
    def main(path):
        file, lock = open(path), struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0)
        commands = [5, 6, 7, 36, 37, 38, 1024, 1025, 1036]
        return [refused(fcntl.flock, file, fcntl.LOCK_SH), *(refused(fcntl.fcntl, file, c, lock) for c in commands)]
    """
    assert set(ask(source, sys.executable)) == {"EPERM"}


def test_no_key_of_the_callers_process_is_in_memory(ask: Ask, sandbox: Sandbox) -> None:
    source = """
    import gc, sys
    def main():
        frame, seen = sys._getframe(), []
        while frame:
            seen += [str(value) for value in frame.f_locals.values()]
            frame = frame.f_back
        return [text for text in seen if "the answer is 42" in text]
    """
    with sandbox.open({"main.py": "ANSWER = 'the answer is 42'\ndef main(x): return x"}, Limits()) as other:
        other.call("main.py:main", ["the answer is 42"])
        assert ask(source) == []
