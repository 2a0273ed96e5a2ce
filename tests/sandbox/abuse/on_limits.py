"""Attacks on time, memory, disk and the number of processes.

Each goes only as far beyond its limit as it takes to show that it could, since it is also run without its defence.
"""

from ryumon.task import Limits
from tests.sandbox.abuse.abuse import ANSWERED, Abuse, Outcome, claimed, everywhere

_MIB = 1 << 20
_SHORT = Limits(cpu_s=0.1, wall_s=30)
_SLEEPER = Limits(cpu_s=5, wall_s=0.2)
_SMALL = Limits(cpu_s=5, memory_mb=100, disk_mb=8)


def _outgrew(outcome: Outcome, limits: Limits) -> bool:
    return outcome.ending is not None and outcome.ending.usage.max_rss_mb > limits.memory_mb + 150


def _held(outcome: Outcome, limits: Limits) -> bool:
    return type(outcome.claim) is int and outcome.claim > limits.disk_mb * _MIB


def _many(outcome: Outcome, limits: Limits) -> bool:
    return outcome.tasks > limits.processes


ABUSES = (
    Abuse(
        name="loops for ever in Python",
        source="""
        import time
        def main(world):
            while time.process_time() < 0.4: pass
            return "survived"
        """,
        limits=_SHORT,
        won=claimed(ANSWERED),
        off=everywhere("clocks"),
    ),
    Abuse(
        name="loops for ever in C",
        source="""
        import time
        def main(world):
            while time.process_time() < 0.4: sum(range(10**6))
            return "survived"
        """,
        limits=_SHORT,
        won=claimed(ANSWERED),
        off=everywhere("clocks"),
    ),
    Abuse(
        name="loops with all signals ignored and blocked",
        source="""
        import signal, time
        def main(world):
            for number in set(range(1, 65)) - {9, 19, 32, 33}:
                signal.signal(number, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            while time.process_time() < 0.4: pass
            return "survived"
        """,
        limits=_SHORT,
        won=claimed(ANSWERED),
        off=everywhere("clocks"),
    ),
    Abuse(
        name="loops in several processes, each below the limit",
        source="""
        import os, time
        def main(world):
            for _ in range(4):
                if os.fork() == 0:
                    while time.process_time() < 0.15: pass
                    os._exit(0)
            for _ in range(4):
                os.wait()
            return "survived"
        """,
        limits=Limits(cpu_s=0.2, wall_s=30),
        processes=(64,),
        won=claimed(ANSWERED),
        off={"A": ("clocks",)},
    ),
    Abuse(
        name="sleeps with all signals ignored",
        source="""
        import signal, time
        def main(world):
            for number in set(range(1, 65)) - {9, 19, 32, 33}:
                signal.signal(number, signal.SIG_IGN)
            time.sleep(0.6)
            return "survived"
        """,
        limits=_SLEEPER,
        won=claimed(ANSWERED),
        off=everywhere("clocks"),
    ),
    Abuse(
        name="stops itself",
        source="""
        import os, signal, time
        def main(world):
            stopped = os.fork()
            if not stopped:
                os.kill(os.getpid(), signal.SIGSTOP)
                os._exit(0)
            if not os.fork():
                time.sleep(0.6)
                os.kill(stopped, signal.SIGCONT)
                os._exit(0)
            os.waitpid(stopped, 0)
            return "survived"
        """,
        limits=_SLEEPER,
        processes=(64,),
        won=claimed(ANSWERED),
        off={"A": ("clocks",)},
    ),
    Abuse(
        name="lets time functions lie about how long it takes",
        source="""
        import time
        clock = time.process_time
        for name in ("time", "monotonic", "perf_counter", "process_time", "clock_gettime"):
            setattr(time, name, lambda *_: 0.0)
        def main(world):
            while clock() < 0.4: pass
            return "survived"
        """,
        limits=_SHORT,
        won=claimed(ANSWERED),
        off=everywhere("clocks"),
    ),
    Abuse(
        name="forks without end",
        source="""
        import os, signal
        def main(world):
            for _ in range(70):
                try:
                    if os.fork() == 0:
                        signal.pause()
                except OSError:
                    pass
        """,
        won=_many,
        off=everywhere("system calls", "process limit"),
    ),
    Abuse(
        name="forks up to the limit and once more",
        source="""
        import os, signal
        def main(world):
            for _ in range(66):
                try:
                    if os.fork() == 0:
                        signal.pause()
                except OSError:
                    pass
        """,
        processes=(64,),
        won=_many,
        off={"A": ("process limit",)},
    ),
    Abuse(
        name="starts threads without end",
        source="""
        import threading
        def main(world):
            threading.stack_size(65536)
            for _ in range(100):
                try:
                    threading.Thread(target=threading.Event().wait, daemon=True).start()
                except RuntimeError:
                    pass
        """,
        won=_many,
        off=everywhere("system calls", "process limit"),
    ),
    Abuse(
        name="runs another program",
        source="""
        import os
        def main(world):
            try:
                os.execv("/bin/sleep", ["sleep", "1000"])
            except OSError:
                return "refused"
        """,
        limits=Limits(wall_s=0.3),
        processes=(1,),
        won=lambda outcome, limits: outcome.claim != "refused",
        off={"A": ("system calls",), "B": ("system calls", "child's domain")},
    ),
    Abuse(
        name="leaves a daemon behind",
        source="""
        import os, signal, time
        def main(world):
            try:
                child = os.fork()
            except OSError:
                return
            if child == 0:
                os.setsid()
                if os.fork():
                    os._exit(0)
                for number in set(range(1, 65)) - {9, 19, 32, 33}:
                    signal.signal(number, signal.SIG_IGN)
                os.closerange(0, 64)
                time.sleep(60)
                os._exit(0)
            os.waitpid(child, 0)
        """,
        won=lambda outcome, limits: outcome.left > 0,
        off={"A": ("system calls", "process limit", "pid namespace"), "B": ("system calls", "process limit")},
    ),
    Abuse(
        name="takes memory",
        source="""
        def main(world):
            kept = []
            for _ in range(100):
                kept.append(bytearray(b"x") * (4 << 20))
            return len(kept)
        """,
        limits=_SMALL,
        won=_outgrew,
        off=everywhere("memory limit"),
    ),
    Abuse(
        name="takes memory in one array",
        source="""
        import numpy as np
        def main(world):
            return float(np.ones(50 << 20)[-1])
        """,
        limits=_SMALL,
        won=_outgrew,
        off=everywhere("memory limit"),
    ),
    Abuse(
        name="hides memory in files without a name",
        source="""
        from attack import *
        def main(world):
            held = 0
            for number in range(6):
                file = syscall("memfd_create", b"x", 0)
                if type(file) is int:
                    held += sum(os.write(file, bytes(1 << 20)) for _ in range(4))
            return held
        """,
        limits=_SMALL,
        won=_held,
        off=everywhere("system calls"),
    ),
    Abuse(
        name="hides memory in shared segments that it has let go",
        source="""
        from attack import *
        def main(world):
            held, size = 0, 8 << 20
            for number in range(4):
                segment = syscall("shmget", 0, ctypes.c_size_t(size), 0o1600)
                place = syscall("shmat", segment, None, 0) if type(segment) is int else None
                if type(place) is int:
                    ctypes.memset(place, 1, size)
                    syscall("shmdt", ctypes.c_void_p(place))
                    held += size
            return held
        """,
        limits=_SMALL,
        won=_held,
        off={"A": ("system calls",), "B": ("system calls", "role's system calls")},
    ),
    Abuse(
        name="hides memory in pipes",
        source="""
        import fcntl, os
        def main(world):
            held = 0
            for _ in range(24):
                end = os.pipe()[1]
                try:
                    fcntl.fcntl(end, 1031, 1 << 20)
                except OSError:
                    pass
                os.set_blocking(end, False)
                held += os.write(end, bytes(1 << 20))
            return held
        """,
        limits=_SMALL,
        won=_held,
        off=everywhere("system calls"),
    ),
    Abuse(
        name="hides memory and work in io_uring",
        source="""
        from attack import *
        def main(world):
            return syscall("io_uring_setup", 1024, ctypes.create_string_buffer(256))
        """,
        limits=_SMALL,
        won=lambda outcome, limits: type(outcome.claim) is int,
        off={"A": ("system calls",), "B": ("system calls", "role's system calls")},
    ),
    Abuse(
        name="hides memory in timers",
        source="""
        from attack import *
        def main(world):
            timer, made = ctypes.c_int(), 0
            while made < 5000 and libc.syscall((222, 107)[COLUMN], 1, None, ctypes.byref(timer)) == 0:
                made += 1
            return made
        """,
        limits=_SMALL,
        won=lambda outcome, limits: outcome.claim is not None and outcome.claim >= 5000,
        off={"A": ("timer limit",), "B": ("timer limit", "system calls")},
    ),
    Abuse(
        name="prints without end",
        source="""
        import os
        def main(world):
            written = 0
            try:
                for _ in range(300):
                    written += os.write(1, b"x" * (1 << 20))
            except OSError:
                pass
        """,
        limits=_SMALL,
        won=lambda outcome, limits: outcome.log_bytes > limits.disk_mb * _MIB,
        off=everywhere("file size limit"),
    ),
    Abuse(
        name="opens descriptors without end",
        source="""
        import os
        def main(world):
            count = 0
            try:
                while count < 1000:
                    os.pipe()
                    count += 2
            except OSError:
                pass
            return count
        """,
        won=lambda outcome, limits: outcome.claim is not None and outcome.claim > 200,
        off=everywhere("descriptor limit"),
    ),
)
