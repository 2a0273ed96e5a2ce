"""The filter decides each system call as its lists say, on both machines. The program is interpreted here."""

import struct

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
        passed = {0x15: accumulator == k, 0x35: accumulator >= k, 0x45: bool(accumulator & k)}[code]
        position += yes if passed else no


@pytest.mark.parametrize("machine", _MACHINES)
@pytest.mark.parametrize("processes", [False, True])
@pytest.mark.parametrize("namespaced", [False, True])
def test_exactly_the_listed_calls_are_allowed(machine: str, processes: bool, namespaced: bool) -> None:
    program = seccomp.program(processes, namespaced, machine)
    assert program is not None
    table = syscalls.numbers(machine)
    names = set(syscalls.ALWAYS.split())
    names |= set(syscalls.NAMESPACED.split()) if namespaced else set()
    names |= set(syscalls.PROCESSES.split()) if processes else set()
    filtered = {table[name] for name in syscalls.FILTERED.split()}
    allowed = {table[name] for name in names if name in table}
    for number in set(range(1000)) - filtered:
        assert (decide(program, machine, number) == _ALLOW) == (number in allowed), number


@pytest.mark.parametrize("machine", _MACHINES)
def test_arguments_decide_where_they_must(machine: str) -> None:
    program = seccomp.program(True, True, machine)
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


def test_a_machine_without_a_table_has_no_filter() -> None:
    assert seccomp.program(False, True, "riscv64") is None


def test_another_architecture_is_killed() -> None:
    program = seccomp.program(False, True, "x86_64")
    assert program is not None
    assert decide(program, "aarch64", 0) == 0x80000000
