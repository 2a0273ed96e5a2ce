"""The filter decides each system call as its lists say, on both machines. The program is interpreted here."""

import struct
from typing import get_args

import pytest

from ryumon.sandbox.guest import seccomp, syscalls

_ALLOW = 0x7FFF0000
_MACHINES = ["x86_64", "aarch64"]


def decide(program: bytes, machine: str, number: int, *args: int) -> int:
    """Returns the action of a BPF program of the few instructions that a filter uses."""
    filled = (*args, *[0] * (6 - len(args)))
    data = struct.pack("<iIQ6Q", number, syscalls.AUDIT_ARCH[machine], 0, *filled)
    accumulator, position = 0, 0
    while True:
        code, yes, no, k = struct.unpack_from("<HBBI", program, position * 8)
        position += 1
        if code == 0x06:
            return int(k)
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, k)
            continue
        if code == 0x54:
            accumulator &= k
            continue
        passed = {0x15: accumulator == k, 0x35: accumulator >= k, 0x45: bool(accumulator & k)}[code]
        position += yes if passed else no


@pytest.mark.parametrize("machine", _MACHINES)
@pytest.mark.parametrize("processes", [False, True])
@pytest.mark.parametrize("tier", get_args(seccomp.Confined))
def test_exactly_the_listed_calls_are_allowed(machine: str, processes: bool, tier: seccomp.Confined) -> None:
    program = seccomp.program(processes, tier, machine)
    assert program is not None
    table = syscalls.numbers(machine)
    names = set(syscalls.ALWAYS.split())
    names |= set(syscalls.NAMESPACED.split()) if tier == "A" else set()
    names |= set(syscalls.WORK_FOLDER.split()) if tier != "B" else set()
    names |= set(syscalls.PROCESSES.split()) if processes else set()
    filtered = {table[name] for name in syscalls.FILTERED.split()}
    allowed = {table[name] for name in names if name in table}
    for number in set(range(1000)) - filtered:
        assert (decide(program, machine, number) == _ALLOW) == (number in allowed), number


@pytest.mark.parametrize("machine", _MACHINES)
@pytest.mark.parametrize("forks", [False, True])
def test_a_role_is_refused_what_is_listed_and_what_is_newer_than_the_list(machine: str, forks: bool) -> None:
    program = seccomp.role_program(forks, machine)
    assert program is not None
    table = syscalls.numbers(machine)
    refused = {table[name] for name in syscalls.NOT_FOR_ROLES.split() if name in table}
    refused |= set() if forks else {table[name] for name in syscalls.FORKS.split() if name in table}
    filtered = {table[name] for name in ("clone", "clone3", "prlimit64", "socketpair")}
    for number in set(range(1000)) - filtered:
        known = number not in refused and number <= max(table.values())
        assert (decide(program, machine, number) == _ALLOW) == known, number

    def allowed(name: str, *args: int) -> bool:
        return decide(program, machine, table[name], *args) == _ALLOW

    assert allowed("clone", 0x3D0F00)  # a thread
    assert allowed("clone", 17) == forks
    assert [allowed("clone", 1 << bit | 17) for bit in (17, 25, 26, 27, 28, 29, 30)] == [False] * 7
    assert not allowed("clone3")
    assert [allowed("prlimit64", pid) for pid in (0, 1)] == [True, False]
    assert [kind for kind in range(1, 8) if allowed("socketpair", 1, kind | 0x80000)] == [1, 5]


@pytest.mark.parametrize("machine", _MACHINES)
def test_arguments_decide_where_they_must(machine: str) -> None:
    program = seccomp.program(True, "A", machine)
    assert program is not None
    table = syscalls.numbers(machine)

    def allowed(name: str, *args: int) -> bool:
        return decide(program, machine, table[name], *args) == _ALLOW

    assert allowed("clone", 0x3D0F00)
    assert [allowed("clone", 1 << bit | 17) for bit in (17, 25, 26, 27, 28, 29, 30)] == [False] * 7
    assert allowed("ioctl", 0, 0x5401)
    assert not allowed("ioctl", 0, 0x5412)
    assert allowed("sendto", 3, 0, 1, 0, 0)
    assert not allowed("sendto", 3, 0, 1, 0, 1 << 32)
    assert not allowed("sendto", 3, 0, 1, 0, 8)
    assert allowed("socketpair", 1)
    assert not allowed("socketpair", 2)
    assert [command for command in range(2000) if allowed("fcntl", 0, command)] == [0, 1, 2, 3, 4, 1030, 1032]
    assert not allowed("prctl", 4)
    assert allowed("prlimit64", 7)
    assert [allowed("setrlimit", kind) for kind in (0, 9)] == [False, True]
    assert [allowed("prlimit64", 0, kind, 1 << 40) for kind in (0, 9)] == [False, True]
    assert allowed("prlimit64", 0, 0, 0, 1)
    assert [allowed("preadv2", 3, 0, 1, 0, 0, flags) for flags in (0, 8)] == [True, False]


@pytest.mark.parametrize("machine", _MACHINES)
@pytest.mark.parametrize("tier", ["B", "C"])
def test_without_a_pid_namespace_limits_are_set_for_oneself_alone(machine: str, tier: seccomp.Confined) -> None:
    program = seccomp.program(True, tier, machine)
    assert program is not None
    number = syscalls.numbers(machine)["prlimit64"]
    assert [decide(program, machine, number, pid) == _ALLOW for pid in (0, 7)] == [True, False]


def test_a_machine_without_a_table_has_no_filter() -> None:
    assert seccomp.program(False, "A", "riscv64") is None
    assert seccomp.role_program(False, "riscv64") is None


def test_another_architecture_is_killed() -> None:
    program = seccomp.program(False, "A", "x86_64")
    assert program is not None
    assert decide(program, "aarch64", 0) == 0x80000000
