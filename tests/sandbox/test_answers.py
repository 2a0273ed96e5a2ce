"""What a candidate says counts only as an answer to what it was asked, of the allowed size and kind."""

import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ryumon.errors import RoleError, TaskError
from ryumon.sandbox import CandidateFailure, Ending, Sandbox
from ryumon.sandbox.guest import zygote
from ryumon.task import Limits

Ask = Callable[..., Any]
Fail = Callable[..., tuple[CandidateFailure, Ending]]


def test_values_and_arrays_cross_both_ways(ask: Ask) -> None:
    value: dict[str, Any] = {"a": [1, 2.5, None, True, "text", b"bytes"], "array": np.arange(6.0).reshape(2, 3)}
    answer = ask("def main(x): return x", value)
    assert answer["a"] == value["a"]
    assert np.array_equal(answer["array"], value["array"])
    assert answer["array"].flags.writeable


def test_equal_answers_have_equal_bytes(sandbox: Sandbox) -> None:
    files = {"a.py": "def f(): return (1, [2.0])\ndef g(): return [1, (2.0,)]\ndef h(): return [1, [2.5]]"}
    with sandbox.open(files, Limits()) as child:
        first, second, third = (child.call(f"a.py:{name}", []).encoded for name in "fgh")
    assert first == second != third


def test_a_child_keeps_its_state_between_calls_and_the_next_child_does_not(sandbox: Sandbox) -> None:
    files = {"a.py": "seen = []\ndef f(x):\n    seen.append(x)\n    return seen"}
    for _ in range(2):
        with sandbox.open(files, Limits()) as child:
            assert child.call("a.py:f", [1]).value == [1]
            assert child.call("a.py:f", [2]).value == [1, 2]


def test_random_seeds_are_fixed(ask: Ask) -> None:
    source = "import random, numpy\ndef main(): return [random.random(), numpy.random.random(), hash('a')]"
    assert ask(source) == ask(source)


def test_files_import_each_other_and_win_over_installed_modules(sandbox: Sandbox) -> None:
    files = {
        "main.py": "import msgspec, json, time, pkg.inner\ndef main(): return [msgspec.x, json.x, time.x, pkg.inner.x]",
        "msgspec.py": "x = 1",
        "json.py": "x = 2",
        "time.py": "x = 3",
        "pkg/inner.py": "from . import other\nx = other.x",
        "pkg/other.py": "x = 4",
        "odd-name.py": "def f(): return 5",
    }
    with sandbox.open(files, Limits()) as child:
        assert child.call("main.py:main", []).value == [1, 2, 3, 4]
        assert child.call("odd-name.py:f", []).value == 5


def test_nothing_of_a_candidate_runs_before_its_first_call(sandbox: Sandbox) -> None:
    with sandbox.open({"a.py": "print('ran')"}, Limits()) as child:
        assert child.close().log == ""


def test_a_driver_runs_beside_the_candidate(sandbox: Sandbox) -> None:
    drivers = "def total(f, n):\n    return sum(f(i) for i in range(n))"
    with sandbox.open({"a.py": "def f(i): return i * i"}, Limits(), drivers) as child:
        assert child.drive("drivers.py:total", "a.py:f", [4]).value == 14


BORN = "import time\nborn = [time.monotonic_ns()]\ndef birth(f):\n    return born.pop() if f() else born.append(1)"


def test_prepared_drivers_are_loaded_once_and_each_child_has_its_own(sandbox: Sandbox) -> None:
    sandbox.prepare(BORN)
    births = []
    for drivers in (BORN, BORN, BORN + "\n"):
        with sandbox.open({"a.py": "def f(): return True"}, Limits(), drivers) as child:
            births.append(child.drive("drivers.py:birth", "a.py:f", []).value)
    assert births[0] == births[1] < births[2]


def test_drivers_that_do_not_load_fail_in_the_child_and_leave_the_lane_alone(sandbox: Sandbox) -> None:
    for drivers in ("raise SystemExit('no')", "1 / 0", "\0", "x = '" + 70_000 * "x" + "'; 1 / 0"):
        sandbox.prepare(drivers)
        with sandbox.open({"a.py": "def f(): return 1"}, Limits(), drivers) as child:
            assert child.call("a.py:f", []).value == 1
            with pytest.raises(CandidateFailure):
                child.drive("drivers.py:d", "a.py:f", [])


def test_the_zygote_does_not_wait_for_drivers_that_never_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zygote, "_PATIENCE_S", 0.01)
    before = signal.getsignal(signal.SIGALRM)
    zygote.prepare(b"while True: pass")
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_drivers_are_not_among_the_candidates_files(sandbox: Sandbox) -> None:
    files = {"a.py": "import os\ndef f(): return os.listdir('.')"}
    with sandbox.open(files, Limits(), "def d(f): return f()") as child:
        assert child.drive("drivers.py:d", "a.py:f", []).value == ["a.py"]


def test_what_a_candidate_raises_is_told_with_its_place(fail: Fail) -> None:
    failure, ending = fail("def main():\n    return [1][5]")
    assert failure.status == ending.status == "error"
    assert failure.reason.startswith("IndexError: list index out of range\n")
    assert "main.py" in failure.reason
    assert "child.py" not in failure.reason


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("import sys\nsys.exit(0)", "SystemExit"),
        ("def main(:", "SyntaxError"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("x = 1", "no such function"),
        ("main = 3", "no such function"),
        ("import missing_module", "ModuleNotFoundError"),
        ("class Odd(Exception):\n    def __str__(self): raise ValueError\ndef main(): raise Odd", "Odd"),
        ("text = '\ud800'", "SyntaxError"),
        ("def main(): raise ValueError('\\ud800 odd')", "ValueError: \\ud800 odd"),
    ],
)
def test_a_candidate_that_cannot_be_used_is_an_error(fail: Fail, source: str, word: str) -> None:
    failure, _ = fail(source)
    assert failure.status == "error"
    assert word in failure.reason


@pytest.mark.parametrize(
    "value",
    [
        "object()",
        "range(3)",
        "2 ** 70",
        "1j",
        "__import__('numpy').array([None])",
        "__import__('numpy').array(['a'])",
        "__import__('datetime').datetime.now(__import__('datetime').timezone.utc)",
        "'\\ud800'",
    ],
)
def test_an_answer_that_is_no_plain_data_is_invalid(fail: Fail, value: str) -> None:
    assert fail(f"def main(): return {value}")[0].status == "invalid"


def test_a_deeply_nested_answer_is_invalid(fail: Fail) -> None:
    source = "def main():\n    x = []\n    for _ in range(100000): x = [x]\n    return x"
    assert fail(source)[0].status == "invalid"


def test_an_over_long_answer_is_invalid(fail: Fail) -> None:
    failure, _ = fail("def main(): return b'x' * 2000", limits=Limits(claim_kb=1))
    assert failure.status == "invalid"
    assert "2003 bytes" in failure.reason


def test_a_returned_subclass_arrives_as_its_plain_value(ask: Ask) -> None:
    source = """
    class Always(float):
        def __eq__(self, other): return True
        def __lt__(self, other): return True
        __hash__ = None
    def main(): return Always(3.5)
    """
    answer = ask(source)
    assert type(answer) is float
    assert answer == 3.5


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("os._exit(0)", "exit code 0"),
        ("os._exit(7)", "exit code 7"),
        ("ctypes.string_at(1)", "SIGSEGV"),
        ("(os.close(3), __import__('time').sleep(1000))", "closed its stream"),
    ],
)
def test_a_process_that_ends_before_it_answers_is_killed(fail: Fail, ending: str, words: str) -> None:
    failure, closed = fail(f"import ctypes\ndef main(): {ending}")
    assert failure.status == closed.status == "killed"
    assert words in failure.reason


FORGE = """
import os, msgspec
def frame(nonce, value):
    body = msgspec.msgpack.encode([nonce, "ok", msgspec.msgpack.encode(value), ""])
    return len(body).to_bytes(4, "big") + body
"""


@pytest.mark.parametrize(
    "data",
    [
        "b'\\xff\\xff\\xff\\xff'",
        "(5).to_bytes(4, 'big') + b'abcde'",
        "(3).to_bytes(4, 'big') + b'\\x93\\x01\\x02'",
        "frame(b'', 1)",
        "bytes(4)",
    ],
)
def test_a_broken_frame_is_invalid(fail: Fail, data: str) -> None:
    failure, _ = fail(FORGE + f"def main():\n    os.write(3, {data})\n    return 1")
    assert failure.status == "invalid"


_RAW = """
import os, sys
def raw(body):
    here = sys._getframe()
    while "request" not in here.f_locals: here = here.f_back
    body = body.replace(b"NONCE678", here.f_locals["request"].nonce)
    os.write(3, len(body).to_bytes(4, "big") + body)
"""


@pytest.mark.parametrize(
    "body",
    [
        b"\x94\xc4\x08NONCE678\xa5error\xc4\x00\xa3\xed\xa0\x80",
        b"\x94\xc4\x08NONCE678\xa2\xff\xff\xc4\x00\xa0",
        b"\x94\xc4\x08NONCE678\xa2ok\xc4\x04\xa3\xed\xa0\x80\xa0",
        b"\x94\xa8NONCE678\xa2ok\xc4\x01\x01\xa0",
    ],
)
def test_text_that_is_no_utf8_is_invalid(fail: Fail, body: bytes) -> None:
    failure, _ = fail(_RAW + f"def main():\n    raw({body!r})\n    return 1")
    assert failure.status == "invalid"


def test_a_target_that_no_message_carries_is_the_tasks_fault(sandbox: Sandbox) -> None:
    with sandbox.open({"a.py": "def f(): return 1"}, Limits()) as child, pytest.raises(TaskError):
        child.call("a.py:\ud800", [])


def test_a_forged_length_is_refused_before_it_is_read(fail: Fail) -> None:
    source = "import time\ndef main():\n    os.write(3, (1 << 30).to_bytes(4, 'big'))\n    time.sleep(1000)"
    failure, _ = fail(source, limits=Limits(claim_kb=1, wall_s=20))
    assert failure.status == "invalid"


def test_a_failed_child_fails_again_and_a_closed_one_refuses(sandbox: Sandbox) -> None:
    child = sandbox.open({"a.py": "def f(): raise ValueError('once')\ndef g(): return 1"}, Limits())
    for _ in range(2):
        with pytest.raises(CandidateFailure, match="once"):
            child.call("a.py:f", [])
    with pytest.raises(CandidateFailure, match="once"):
        child.call("a.py:g", [])
    assert child.close() is child.close()
    with pytest.raises(RoleError):
        child.call("a.py:g", [])


def test_an_argument_that_cannot_travel_is_the_tasks_fault(sandbox: Sandbox) -> None:
    with sandbox.open({"a.py": "def f(x): return x"}, Limits()) as child, pytest.raises(TaskError):
        child.call("a.py:f", [object()])


def test_prints_arrive_in_the_log(sandbox: Sandbox) -> None:
    files = {"a.py": "import sys\ndef f():\n    print('out')\n    print('no newline', end='')\n    return 1"}
    with sandbox.open(files, Limits()) as child:
        child.call("a.py:f", [])
        assert child.close().log == "out\nno newline"


@pytest.mark.parametrize("size", [1, 3 << 20])
@pytest.mark.parametrize(
    ("built", "limits"),
    [
        ({"a": b"", "a/b": b""}, Limits()),
        ({"a": bytes(4 << 20)}, Limits(disk_mb=2)),
        ({"a": bytes(15 << 20)}, Limits(memory_mb=20)),
    ],
)
def test_a_program_whose_files_end_its_child_fails_and_not_its_lane(
    sandbox: Sandbox, built: dict[str, bytes], limits: Limits, size: int
) -> None:
    # With the larger question the child ends while it is still being written to.
    child = sandbox.open({"a.py": "def f(x): return 1"}, limits, built=built)
    with child, pytest.raises(CandidateFailure) as caught:
        child.call("a.py:f", [bytes(size)])
    assert caught.value.status == "killed"
    assert not caught.value.perhaps_outside


@pytest.mark.parametrize(
    "source",
    [
        """
        import resource
        def main():
            resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
            while True: pass
        """,
        """
        import os, sys, msgspec
        def main():
            frame = sys._getframe()
            while "request" not in frame.f_locals:
                frame = frame.f_back
            body = msgspec.msgpack.encode([frame.f_locals["request"].nonce, "killed", b"", ""])
            os.write(3, len(body).to_bytes(4, "big") + body)
        """,
    ],
)
def test_no_candidate_ends_itself_as_if_it_was_killed_from_outside(fail: Fail, source: str) -> None:
    # It would be run again, having seen what it is asked.
    failure, _ = fail(source, limits=Limits(cpu_s=2))
    assert failure.status in ("error", "killed")
    assert not failure.perhaps_outside
