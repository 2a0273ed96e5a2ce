"""What exceeds a limit is told its true cause, and what keeps to it works. `abuse/` attacks the limits."""

from collections.abc import Callable
from typing import Any

import pytest

from ryumon.sandbox import CandidateFailure, Ending, Sandbox
from ryumon.task import Limits

Ask = Callable[..., Any]
Fail = Callable[..., tuple[CandidateFailure, Ending]]


def test_an_infinite_loop_reaches_the_cpu_limit(fail: Fail) -> None:
    failure, ending = fail("def main():\n    while True: pass", limits=Limits(cpu_s=0.2, wall_s=60))
    assert (failure.status, ending.status) == ("cpu_limit", "cpu_limit")
    assert ending.usage.cpu_s >= 0.2


def test_a_limit_too_small_to_start_with_is_the_candidates(fail: Fail) -> None:
    failure, _ = fail("while True: pass", limits=Limits(cpu_s=1e-6, wall_s=60))
    assert failure.status == "cpu_limit"


def test_a_sleeper_reaches_the_wall_limit(fail: Fail) -> None:
    failure, ending = fail("import time\ndef main(): time.sleep(1000)", limits=Limits(wall_s=0.3))
    assert (failure.status, ending.status) == ("wall_limit", "wall_limit")


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


def test_several_processes_work_where_allowed(ask: Ask) -> None:
    source = """
    import subprocess, sys
    def main():
        code = "import numpy; print(numpy.arange(4).sum())"
        return subprocess.run(["python", "-c", code], capture_output=True, text=True, check=True).stdout
    """
    assert ask(source, limits=Limits(processes=8)) == "6\n"


def test_the_first_of_endless_output_is_kept(sandbox: Sandbox) -> None:
    source = "def main():\n    print('first line', flush=True)\n    while True: print('x' * 1000)"
    with sandbox.open({"main.py": source}, Limits(disk_mb=1, log_kb=4)) as child:
        with pytest.raises(CandidateFailure):
            child.call("main.py:main", [])
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
