"""Attacks that reach for the network, other processes, the kernel's namespaces and keys, and the clock."""

from pathlib import Path

from ryumon.task import Limits
from tests.sandbox.abuse.abuse import HONEST, Abuse, Outcome, claimed, everywhere

_FILTERS = ("system calls", "role's system calls")
_DOMAINS = ("child's domain", "role's domain")


def _reached(outcome: Outcome, limits: Limits) -> bool:
    return bool(outcome.received)


def _hidden_by_yama() -> str | None:
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    if scope.exists() and scope.read_text().strip() != "0":
        return "this kernel lets no process trace one that is not its own child"
    return None


def _talks(
    name: str, family: str, kind: str, address: str, off: tuple[str, ...], domains: tuple[str, ...] = ()
) -> Abuse:
    source = f"""
    import socket
    from attack import *
    def talk(world):
        with socket.socket(socket.{family}, socket.{kind}) as end:
            end.connect({address})
            end.send(b"out")
    def main(world):
        return attempt(talk, world)
    """
    return Abuse(name=name, source=source, won=_reached, off={"A": off, "B": (*_FILTERS, *domains)})


ABUSES = (
    _talks(
        "talks over TCP",
        "AF_INET",
        "SOCK_STREAM",
        "('127.0.0.1', world['tcp'])",
        ("system calls", "empty network"),
        _DOMAINS,
    ),
    _talks("talks over UDP", "AF_INET", "SOCK_DGRAM", "('127.0.0.1', world['udp'])", ("system calls", "empty network")),
    _talks(
        "talks over an abstract socket",
        "AF_UNIX",
        "SOCK_STREAM",
        "chr(0) + world['abstract']",
        ("system calls", "empty network"),
        _DOMAINS,
    ),
    _talks("talks over a socket in a folder", "AF_UNIX", "SOCK_STREAM", "world['unix']", ("system calls", "view")),
    Abuse(
        name="asks the kernel over netlink",
        source="""
        import socket, struct
        from attack import *
        def links():
            with socket.socket(16, socket.SOCK_RAW, 0) as end:
                end.send(struct.pack("=IHHIIBxxx", 20, 18, 0x301, 1, 0, 0))
                return len(end.recv(65536)) > 16
        def main(world):
            return attempt(links)
        """,
        won=claimed(True),
        off={"A": ("system calls",), "B": _FILTERS},
    ),
    Abuse(
        name="opens a socket of any kind",
        source="""
        import socket
        from attack import *
        def main(world):
            kinds = [(2, 1), (2, 2), (10, 1), (10, 2), (1, 1), (1, 2), (16, 3), (17, 3), (38, 5), (40, 1)]
            return [kind for kind in kinds if attempt(socket.socket, *kind) != "EPERM"]
        """,
        won=lambda outcome, limits: bool(outcome.claim or outcome.status != "ok"),
        off={"A": ("system calls",), "B": _FILTERS},
    ),
    Abuse(
        name="gives an address to one end of a socket pair",
        source="""
        import socket
        from attack import *
        def main(world):
            a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            tries = [attempt(a.bind, chr(0) + "name"), attempt(a.connect, chr(0) + world["datagrams"])]
            return tries + [attempt(a.sendto, b"x", chr(0) + world["datagrams"]), attempt(a.sendmsg, [b"x"])]
        """,
        won=lambda outcome, limits: bool(outcome.received or (outcome.claim and set(outcome.claim) != {"EPERM"})),
        off={"A": ("system calls", "empty network"), "B": _FILTERS},
    ),
    Abuse(
        name="kills every process that it can name",
        source="""
        import signal
        from attack import *
        def main(world):
            for pid in (*(pid for pid in range(2, 300) if pid != os.getpid()), -1):
                attempt(os.kill, pid, signal.SIGKILL)
        """,
        won=lambda outcome, limits: outcome.sibling != "alive",
        off={"A": ("pid namespace",), "B": ("system calls", "child's domain")},
    ),
    Abuse(
        name="kills the process group that it was born into",
        source="""
        import signal
        from attack import *
        def main(world):
            attempt(os.kill, 0, signal.SIGKILL)
        """,
        won=lambda outcome, limits: outcome.sibling != "alive",
        off={"A": ("own session",), "B": ("system calls", "child's domain")},
    ),
    Abuse(
        name="stops the zygote's clocks by a signal to the group, and starts them once it has answered",
        source="""
        import signal, time
        from attack import *
        def main(world):
            attempt(os.kill, 0, signal.SIGSTOP)
            while time.process_time() < 1.0: pass
            signal.signal(signal.SIGALRM, lambda *_: os.kill(0, signal.SIGCONT))
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            return "late"
        """,
        won=claimed("late"),
        off={"A": ("own session",)},
        limits=Limits(cpu_s=0.3),
        processes=(1,),
    ),
    Abuse(
        name="leaves a mark on the standard input for the next candidate",
        source="""
        import fcntl
        from attack import *
        def main(world):
            attempt(fcntl.fcntl, 0, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND)
        """,
        then="""
        import fcntl, os
        def main(world):
            return fcntl.fcntl(0, fcntl.F_GETFL) & (os.O_NONBLOCK | os.O_APPEND)
        """,
        won=lambda outcome, limits: outcome.neighbour != 0,
        off=everywhere("own input"),
    ),
    Abuse(
        name="takes away the limits that other processes live by",
        source="""
        import resource
        from attack import *
        def main(world):
            for pid in range(2, 60):
                if pid != os.getpid():
                    attempt(resource.prlimit, pid, resource.RLIMIT_NOFILE, (0, 0))
                    attempt(resource.prlimit, pid, resource.RLIMIT_AS, (0, 0))
        """,
        won=lambda outcome, limits: outcome.sibling != "alive" or outcome.neighbour != HONEST,
        off={"A": ("pid namespace",), "B": _FILTERS},
    ),
    Abuse(
        name="reads the memory of another process",
        source="""
        from attack import *
        class Part(ctypes.Structure):
            _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
        def main(world):
            # All children are copies of one process: what is mapped here is mapped there.
            buffer = ctypes.create_string_buffer(8)
            here, there = Part(ctypes.addressof(buffer), 8), Part(id(os), 8)
            others = [pid for pid in range(1, 60) if pid != os.getpid()]
            parts = (ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
            read = [syscall("process_vm_readv", pid, *parts) for pid in others]
            seized = [syscall("ptrace", 0x4206, pid, 0, 0) for pid in others]
            return 8 in read or 0 in seized
        """,
        won=claimed(True),
        off={
            "A": ("system calls", "namespaces", "unreadable zygote"),
            "B": (*_FILTERS, "child's domain", "unreadable zygote"),
        },
        unless=_hidden_by_yama,
    ),
    Abuse(
        name="looks at other processes in /proc",
        source="""
        from attack import *
        def main(world):
            pids = {name for name in os.listdir("/proc") if name.isdigit()} - {str(os.getpid()), "self"}
            seen = {pid: attempt(read, f"/proc/{pid}/cmdline") for pid in pids}
            return [len(line) > 0 and line.decode("utf-8", "replace") for line in seen.values() if type(line) is bytes]
        """,
        won=lambda outcome, limits: any(outcome.claim or []),
        off={"A": ("cover of /proc",), "B": _DOMAINS},
    ),
    Abuse(
        name="makes namespaces of its own",
        source="""
        from attack import *
        def main(world):
            child = syscall("clone", 0x10000011, 0, 0, 0, 0)
            if child == 0:
                os._exit(0)
            return [child, syscall("unshare", 0x10000000)]
        """,
        won=lambda outcome, limits: any(type(answer) is int for answer in outcome.claim or []),
        off={"A": ("system calls",), "B": _FILTERS},
    ),
    Abuse(
        name="looks for capabilities and for root's user",
        source="""
        import struct
        from attack import *
        def main(world):
            held = ctypes.create_string_buffer(24)
            libc.syscall((125, 90)[COLUMN], struct.pack("<Ii", 0x20080522, 0), held)
            return any(held.raw) or 0 in (*os.getresuid(), *os.getresgid())
        """,
        won=claimed(True),
        off={"A": ("no capabilities",), "B": ("ordinary user",)},
    ),
    Abuse(
        name="mounts, and changes its root",
        source="""
        from attack import *
        def main(world):
            return [
                syscall("mount", b"tmpfs", b"/box", b"tmpfs", 0, 0),
                syscall("umount", b"/proc", 2),
                syscall("chroot", b"/box"),
            ]
        """,
        won=lambda outcome, limits: 0 in (outcome.claim or []),
        off={
            "A": ("system calls", "no capabilities"),
            "B": (*_FILTERS, *_DOMAINS, "ordinary user"),
        },
    ),
    Abuse(
        name="keeps a secret in the kernel's keyrings",
        source="""
        from attack import *
        def main(world):
            # A keyring of this process alone, so that nothing stays.
            return syscall("add_key", b"user", b"ryumon", b"x", 1, -2)
        """,
        won=lambda outcome, limits: type(outcome.claim) is int,
        off={"A": ("system calls",), "B": _FILTERS},
    ),
    Abuse(
        name="makes calls that widen its reach",
        source="""
        from attack import *
        def main(world):
            calls = {
                "setns": (0, 0), "pivot_root": (b"/box", b"/box"), "fsopen": (b"tmpfs", 0), "pidfd_getfd": (0, 0, 0),
                "kcmp": (1, 1, 0, 0, 0), "keyctl": (0, -3, 0), "bpf": (0, 0, 0), "perf_event_open": (0, 0, 0, 0, 0),
                "userfaultfd": (1,), "mq_open": (b"x", 0, 0, 0), "capset": (0, 0), "ptrace": (0, 0, 0, 0),
            }
            return {name: answer for name, args in calls.items() if (answer := syscall(name, *args)) != "EPERM"}
        """,
        won=lambda outcome, limits: bool(outcome.claim),
        off={"A": ("system calls",), "B": _FILTERS},
    ),
    Abuse(
        name="calls by numbers of another architecture",
        source="""
        from attack import *
        def main(world):
            libc.syscall.restype = ctypes.c_long
            return libc.syscall(0x40000000 + 39) >= 0 or ctypes.get_errno() != errno.EPERM
        """,
        won=claimed(True),
        off={"A": ("system calls",), "B": _FILTERS},
    ),
    Abuse(
        name="types into the terminal",
        source="""
        import fcntl
        from attack import *
        def main(world):
            return attempt(fcntl.ioctl, 0, 0x5412, b"x")
        """,
        # Where there is no terminal, what answers is no longer the filter.
        won=lambda outcome, limits: outcome.claim not in (None, "EPERM"),
        off=everywhere("system calls"),
    ),
    Abuse(
        name="talks to another candidate through locks and leases",
        source="""
        import fcntl, struct
        from attack import *
        def main(world):
            file, lock = open(sys.executable), struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0)
            commands = [5, 6, 7, 36, 37, 38, 1024, 1025, 1036]
            tries = [attempt(fcntl.fcntl, file, command, lock) for command in commands]
            return [answer for answer in (*tries, attempt(fcntl.flock, file, fcntl.LOCK_SH)) if answer != "EPERM"]
        """,
        won=lambda outcome, limits: bool(outcome.claim),
        off=everywhere("system calls"),
    ),
    Abuse(
        name="leaves a message in a queue of the kernel's",
        source="""
        from attack import *
        def main(world):
            queue = syscall("msgget", 77, 0o1666)
            return type(queue) is int and syscall("msgsnd", queue, (1).to_bytes(8, "little") + b"before", 6, 0)
        """,
        then="""
        from attack import *
        def main(world):
            queue, buffer = syscall("msgget", 77, 0), ctypes.create_string_buffer(64)
            if type(queue) is int:
                syscall("msgrcv", queue, buffer, 32, 0, 0o4000)
            return buffer.raw[8:14]
        """,
        won=lambda outcome, limits: outcome.neighbour == b"before",
        off={"A": ("system calls", "ipc namespace"), "B": _FILTERS},
    ),
    Abuse(
        name="sets the clock",
        # Mode 0 only asks. The time itself is guarded by a capability as well, and that test would move this machine.
        source="""
        from attack import *
        def main(world):
            asked = ctypes.create_string_buffer(512)
            return [syscall("adjtimex", asked), syscall("settimeofday", 0, 0), syscall("clock_settime", 0, 0)]
        """,
        won=lambda outcome, limits: outcome.claim is not None and type(outcome.claim[0]) is int,
        off=everywhere("system calls"),
    ),
)
