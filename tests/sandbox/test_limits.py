"""Every limit ends or refuses what exceeds it, with the true cause, and leaves no process behind."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ryumon.sandbox import CandidateFailure, Ending, Sandbox
from ryumon.task import Limits

Ask = Callable[..., Any]
Fail = Callable[..., tuple[CandidateFailure, Ending]]


def named(name: str) -> list[str]:
    """Returns the pids of this machine's processes that call themselves `name`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            if path.read_text().strip() == name:
                found.append(path.parent.name)
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "sum(range(10**12))",
        "from signal import signal, SIG_IGN\n"
        "    [signal(number, SIG_IGN) for number in range(1, 32) if number not in (9, 19)]\n"
        "    while True: pass",
    ],
)
def test_an_infinite_loop_reaches_the_cpu_limit(fail: Fail, body: str) -> None:
    failure, ending = fail(f"def main():\n    {body}", limits=Limits(cpu_s=0.2, wall_s=60))
    assert (failure.status, ending.status) == ("cpu_limit", "cpu_limit")
    assert ending.usage.cpu_s >= 0.2


def test_cpu_time_of_all_processes_counts(fail: Fail) -> None:
    source = """
    import os
    def main():
        for _ in range(3):
            if os.fork() == 0:
                while True: pass
        os.wait()
    """
    failure, ending = fail(source, limits=Limits(cpu_s=0.4, wall_s=60, processes=8))
    assert failure.status == "cpu_limit"
    assert ending.usage.cpu_s >= 0.4


def test_a_limit_too_small_to_start_with_is_the_candidates(fail: Fail) -> None:
    failure, _ = fail("while True: pass", limits=Limits(cpu_s=1e-6, wall_s=60))
    assert failure.status == "cpu_limit"


def test_a_sleeper_reaches_the_wall_limit(fail: Fail) -> None:
    source = """
    import signal, time
    def main():
        for number in range(1, 32):
            if number not in (9, 19):
                signal.signal(number, signal.SIG_IGN)
        time.sleep(1000)
    """
    failure, ending = fail(source, limits=Limits(wall_s=0.3))
    assert (failure.status, ending.status) == ("wall_limit", "wall_limit")


def test_a_child_that_stops_itself_reaches_the_wall_limit(fail: Fail) -> None:
    source = "import os, signal\ndef main():\n    os.kill(os.fork() or os.getpid(), signal.SIGSTOP)\n    os.wait()"
    failure, _ = fail(source, limits=Limits(wall_s=0.3, processes=2))
    assert failure.status == "wall_limit"


@pytest.mark.parametrize("body", ["x = bytearray(1 << 40)", "x = []\n    while True: x.append(bytearray(1 << 20))"])
def test_a_memory_bomb_reaches_the_memory_limit(fail: Fail, body: str) -> None:
    failure, ending = fail(f"def main():\n    {body}", limits=Limits(memory_mb=100))
    assert failure.status == "memory_limit"
    assert ending.usage.max_rss_mb < 300


def test_a_numpy_memory_bomb_reaches_the_memory_limit(fail: Fail) -> None:
    failure, _ = fail("import numpy as np\ndef main(): return np.ones(1 << 34)", limits=Limits(memory_mb=100))
    assert failure.status == "memory_limit"


def test_memory_held_at_the_limit_is_still_reported(fail: Fail) -> None:
    source = "kept = []\ndef main():\n    while True: kept.append([0] * 10)"
    failure, _ = fail(source, limits=Limits(memory_mb=64, cpu_s=20))
    assert failure.status == "memory_limit"


def test_one_process_means_no_fork_no_exec_and_no_thread(ask: Ask) -> None:
    source = """
    import os, subprocess, threading
    def attempt(action):
        try:
            action()
        except (OSError, RuntimeError):
            return "refused"
        return "allowed"
    def main():
        return [
            attempt(os.fork),
            attempt(lambda: os.execv("/usr/bin/true", ["true"])),
            attempt(lambda: subprocess.run(["true"])),
            attempt(threading.Thread(target=print).start),
        ]
    """
    assert ask(source) == ["refused"] * 4


def test_a_fork_bomb_stops_at_the_process_limit(ask: Ask) -> None:
    source = """
    import os, time
    def main():
        count = 1
        try:
            while True:
                if os.fork() == 0:
                    time.sleep(1000)
                count += 1
        except OSError:
            return count
    """
    assert ask(source, limits=Limits(processes=8)) == 8


def test_a_thread_bomb_stops_at_the_process_limit(ask: Ask) -> None:
    source = """
    import threading, time
    def main():
        count = 1
        try:
            while True:
                threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
                count += 1
        except RuntimeError:
            return count
    """
    assert ask(source, limits=Limits(processes=8, memory_mb=4000)) == 8


def test_several_processes_work_where_allowed(ask: Ask) -> None:
    source = """
    import subprocess, sys
    def main():
        code = "import numpy; print(numpy.arange(4).sum())"
        return subprocess.run(["python", "-c", code], capture_output=True, text=True, check=True).stdout
    """
    assert ask(source, limits=Limits(processes=8)) == "6\n"


def test_a_daemon_left_behind_is_gone_after_close(sandbox: Sandbox) -> None:
    source = """
    import ctypes, os, time
    def main(name):
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)
            for descriptor in range(10):
                try: os.close(descriptor)
                except OSError: pass
            time.sleep(1000)
        while not False:
            time.sleep(0.01)
            try: return os.wait()[0]
            except ChildProcessError: pass
    """
    name = "ry-daemon-test"
    with sandbox.open({"main.py": textwrap.dedent(source)}, Limits(processes=8)) as child:
        child.call("main.py:main", [name])
        while not named(name):
            pass
    assert named(name) == []


def test_endless_output_is_bounded_and_the_first_of_it_kept(sandbox: Sandbox) -> None:
    source = """
    import os
    def main():
        print("first line", flush=True)
        written = 0
        try:
            for _ in range(300):
                written += os.write(1, b"x" * (1 << 20))
        except OSError:
            pass
        return written
    """
    with sandbox.open({"main.py": textwrap.dedent(source)}, Limits(disk_mb=16, log_kb=4)) as child:
        assert child.call("main.py:main", []).value <= 16 << 20
        log = child.close().log
    assert log.startswith("first line\n")
    assert len(log) == 4096


def test_a_limit_reached_by_one_child_leaves_its_sibling_alone(sandbox: Sandbox) -> None:
    with sandbox.open({"a.py": "def f(x): return x"}, Limits()) as good:
        bad = sandbox.open({"a.py": "def f():\n    while True: pass"}, Limits(cpu_s=0.1))
        assert good.call("a.py:f", [1]).value == 1
        with pytest.raises(CandidateFailure) as caught:
            bad.call("a.py:f", [])
        assert caught.value.status == "cpu_limit"
        assert good.call("a.py:f", [2]).value == 2
        assert good.close().status == "ok"
        assert bad.close().status == "cpu_limit"
