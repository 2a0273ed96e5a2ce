"""What shows a run never holds it up, nor ends it."""

import fcntl
import os
import subprocess
import sys

import pytest
from rich.console import Console

from ryumon.cli.live import Display


def test_a_pipe_that_nobody_reads_does_not_hold_up_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ)
    with open(reader, "rb", buffering=0) as source, open(writer, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert os.write(writer, b"." * size) == size
        Display(Console(), None, quiet=False).waiting("a task")
        assert source.read(2 * size) == b"." * size
        Display(Console(), None, quiet=False).waiting("another task")
        assert source.read(2 * size) == b"another task: scoring the seed\n"


def test_a_pipe_whose_reader_is_gone_ends_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        display = Display(Console(), None, quiet=False)
        for task in ("a task", "another task"):
            display.waiting(task)
        print("the last words", flush=True)


@pytest.mark.parametrize("arguments", [["tasks"], ["tasks", "--json"]])
def test_output_that_finds_no_room_is_one_line_of_complaint(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "ryumon.cli", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("ryumon: ")
    assert len(done.stderr.splitlines()) == 1
