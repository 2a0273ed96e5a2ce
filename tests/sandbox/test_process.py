"""A candidate that is a process: its input, its output, its end, and what a build leaves for it."""

import textwrap
from pathlib import Path
from typing import Any

import pytest

from ryumon.sandbox import CandidateFailure, Sandbox
from ryumon.task import Limits

MANY = Limits(processes=4, cpu_s=2.0)


def run(sandbox: Sandbox, text: str, stdin: bytes = b"", *words: str, limits: Limits = MANY) -> Any:
    """Returns the output of a shell script that is run with `words`, in a fresh child."""
    with sandbox.open({"main.sh": "#!/bin/sh\n" + textwrap.dedent(text)}, limits) as child:
        return child.run(["./main.sh", *words], stdin).value


def failing(sandbox: Sandbox, text: str, stdin: bytes = b"", limits: Limits = MANY) -> CandidateFailure:
    """Returns how a shell script failed."""
    with pytest.raises(CandidateFailure) as caught:
        run(sandbox, text, stdin, limits=limits)
    return caught.value


def test_input_reaches_a_process_and_its_output_comes_back(sandbox: Sandbox) -> None:
    assert run(sandbox, 'cat; echo "$1 $2"', b"\x00\xff in\n", "a", "b c") == b"\x00\xff in\na b c\n"


def test_more_than_a_pipe_holds_passes_both_ways_at_once(sandbox: Sandbox) -> None:
    text = bytes(range(256)) * 3000
    assert run(sandbox, "cat", text) == text


def test_a_process_need_not_read_its_input(sandbox: Sandbox) -> None:
    assert run(sandbox, "exec 0</dev/null; echo done", b"x" * 1_000_000) == b"done\n"


def test_python_runs_as_a_process(sandbox: Sandbox) -> None:
    files = {
        "main.py": "import sys, helper\nprint(helper.double(int(sys.stdin.read())))",
        "helper.py": "def double(x): return 2 * x",
    }
    with sandbox.open(files, MANY) as child:
        assert child.run(["python", "main.py"], b"21").value == b"42\n"


def test_an_exit_code_is_a_failure_with_the_last_words_of_the_log(sandbox: Sandbox) -> None:
    failure = failing(sandbox, "echo out; echo why >&2; exit 3")
    assert failure.status == "error"
    assert failure.reason == "./main.sh ended with exit code 3\nwhy"


def test_a_signal_is_a_failure_that_names_it(sandbox: Sandbox) -> None:
    segfault = failing(sandbox, "kill -SEGV $$")
    assert "SIGSEGV" in segfault.reason
    assert not segfault.perhaps_outside


def test_whether_a_process_was_killed_from_outside_cannot_be_told(sandbox: Sandbox) -> None:
    failure = failing(sandbox, "kill -KILL $$")
    assert failure.status == "killed"
    assert failure.perhaps_outside


@pytest.mark.parametrize("missing", ["./absent", "no-such-program"])
def test_a_command_that_is_not_there_is_named(sandbox: Sandbox, missing: str) -> None:
    with sandbox.open({"a.py": ""}, MANY) as child, pytest.raises(CandidateFailure, match=missing) as caught:
        child.run([missing], b"")
    assert caught.value.status == "error"


def test_an_output_over_the_claims_limit_is_refused_before_it_is_kept(sandbox: Sandbox) -> None:
    failure = failing(sandbox, "while :; do echo endless; done", limits=Limits(processes=4, claim_kb=8))
    assert (failure.status, failure.reason) == ("invalid", "the output is longer than 8 kB")


def test_a_process_is_under_the_childs_limits(sandbox: Sandbox) -> None:
    assert failing(sandbox, "while :; do :; done", limits=Limits(processes=4, cpu_s=0.3)).status == "cpu_limit"
    assert failing(sandbox, "sleep 1000", limits=Limits(processes=4, wall_s=0.3)).status == "wall_limit"


def test_a_process_sees_no_more_than_a_call_does(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("held out")
    script = 'cat "$1" || echo hidden; touch /x || echo read-only; ls /proc | wc -l; env | grep -c KEY'
    assert run(sandbox, f"{script}; true", b"", str(tmp_path / "secret")) == b"hidden\nread-only\n0\n0\n"


def test_a_processes_time_is_counted(sandbox: Sandbox) -> None:
    child = sandbox.open({"main.sh": "#!/bin/sh\ni=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"}, MANY)
    child.run(["./main.sh"], b"")
    assert child.close().usage.cpu_s > 0.05


def test_runs_of_one_child_share_its_work_folder(sandbox: Sandbox) -> None:
    with sandbox.open({"main.sh": "#!/bin/sh\ncat note 2>/dev/null; echo kept > note"}, MANY) as child:
        assert [child.run(["./main.sh"], b"").value for _ in range(2)] == [b"", b"kept\n"]


def test_a_build_gives_back_what_it_made_and_nothing_else(sandbox: Sandbox) -> None:
    files = {"main.txt": "text", "sub/kept.txt": "kept"}
    script = "echo made > made; mkdir -p deep/er; echo x > deep/er/x; echo changed > main.txt; ln -s /etc/passwd link"
    with sandbox.open(files, MANY) as child:
        made = child.build(["sh", "-c", script])
    assert made == {"made": b"made\n", "deep/er/x": b"x\n", "main.txt": b"changed\n"}
    with sandbox.open(files, MANY, built=made) as child:
        assert (
            child.run(["cat", "made", "deep/er/x", "main.txt", "sub/kept.txt"], b"").value == b"made\nx\nchanged\nkept"
        )


def test_a_build_that_leaves_too_much_is_refused(sandbox: Sandbox) -> None:
    limits = Limits(processes=4, claim_kb=64)
    with sandbox.open({"a": ""}, limits) as child, pytest.raises(CandidateFailure, match="claim_kb") as caught:
        child.build(["sh", "-c", "head -c 100000 /dev/zero > big"])
    assert caught.value.status == "invalid"


def test_a_build_that_fails_says_what_the_compiler_said(sandbox: Sandbox) -> None:
    with sandbox.open({"a": ""}, MANY) as child, pytest.raises(CandidateFailure) as caught:
        child.build(["sh", "-c", "echo 'main.c:1: error: expected identifier'; exit 1"])
    assert "expected identifier" in caught.value.reason
