"""Tier C promises limits, the kill of the group and the same client, and nothing else."""

import os

import pytest

from ryumon.sandbox import CandidateFailure, Sandbox
from ryumon.task import Limits


def test_calls_answer_and_the_work_folder_is_removed(plain: Sandbox) -> None:
    files = {"a.py": "import os\ndef f(x): return [x, os.getcwd()]"}
    with plain.open(files, Limits()) as child:
        value, folder = child.call("a.py:f", [1]).value
        assert value == 1
        assert os.path.isdir(folder)
    assert not os.path.exists(folder)


@pytest.mark.parametrize(
    ("body", "limits", "status"),
    [
        ("while True: pass", Limits(cpu_s=0.2), "cpu_limit"),
        ("import time; time.sleep(1000)", Limits(wall_s=0.2), "wall_limit"),
        ("x = bytearray(1 << 40)", Limits(), "memory_limit"),
    ],
)
def test_limits_hold(plain: Sandbox, body: str, limits: Limits, status: str) -> None:
    with plain.open({"a.py": f"def f():\n    {body}"}, limits) as child:
        with pytest.raises(CandidateFailure) as caught:
            child.call("a.py:f", [])
        assert caught.value.status == status


def test_a_process_left_behind_is_gone_after_close(plain: Sandbox) -> None:
    files = {"a.py": "import os, time\ndef f():\n    pid = os.fork()\n    if not pid: time.sleep(1000)\n    return pid"}
    with plain.open(files, Limits(processes=4)) as child:
        pid = child.call("a.py:f", []).value
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
