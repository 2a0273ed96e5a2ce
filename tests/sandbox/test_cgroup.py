"""What tier A+ adds: a lane's own cgroup, with its totals, which ends with all that is in it.

The rules are tested on a folder that looks like a cgroup, entering and ending on a real one without controllers, and
the whole where this process finds itself in a delegated cgroup with controllers for memory and processes.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ryumon.errors import SandboxError
from ryumon.sandbox import CandidateFailure, Tier, cgroup, view
from ryumon.sandbox.cgroup import Capped, delegated, lane
from ryumon.sandbox.confinement import _LIMITER
from ryumon.task import BuildLimits, Limits
from tests.sandbox.conftest import lane as sandbox_lane
from tests.sandbox.conftest import require


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A delegated cgroup below a mount of cgroup v2, as files."""
    own = tmp_path / "cgroup" / "scope"
    own.mkdir(parents=True)
    (tmp_path / "cgroup" / "cgroup.controllers").write_text("cpu memory pids\n")
    (own / "cgroup.controllers").write_text("cpu memory pids\n")
    (own / "cgroup.procs").write_text(f"{os.getpid()}\n")
    (own / "cgroup.subtree_control").touch()
    (tmp_path / "own").write_text("4:memory:/elsewhere\n0::/scope\n")
    return tmp_path


def found(tree: Path) -> Path:
    return delegated([tree / "not mounted", tree / "cgroup"], tree / "own")


def test_a_cgroup_with_controllers_and_no_other_process_is_used(tree: Path) -> None:
    assert found(tree) == tree / "cgroup" / "scope"


def test_a_supervisor_that_has_moved_finds_the_same_cgroup(tree: Path) -> None:
    (tree / "own").write_text("0::/scope/ryumon-supervisor\n")
    assert found(tree) == tree / "cgroup" / "scope"


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("scope/cgroup.controllers", "cpu pids\n", "cgroup /scope has no controller for memory"),
        ("scope/cgroup.procs", "OWN\n1\n", "holds other processes than ryumon's: 1"),
        ("cgroup.controllers", None, "no cgroup v2 is mounted"),
        ("scope/cgroup.subtree_control", None, "is not delegated to this user"),
    ],
)
def test_another_cgroup_is_left_alone_and_the_reason_said(tree: Path, file: str, text: str | None, reason: str) -> None:
    path = tree / "cgroup" / file
    path.unlink() if text is None else path.write_text(text.replace("OWN", str(os.getpid())))
    with pytest.raises(SandboxError, match=reason):
        found(tree)


def test_a_lane_has_totals_for_two_children_and_its_supervisor_a_leaf(tree: Path) -> None:
    scope = found(tree)
    made = lane(scope, [Limits(memory_mb=100, disk_mb=10, processes=3), BuildLimits(memory_mb=50, processes=64)])
    assert (scope / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (scope / "ryumon-supervisor" / "cgroup.procs").read_text() == str(os.getpid())
    build = 50 + 2 * BuildLimits().disk_mb
    assert (made / "memory.max").read_text() == str((1024 + 2 * build) << 20)
    assert (made / "pids.max").read_text() == str(16 + 2 * 64)
    assert not (made / "memory.swap.max").exists()
    assert lane(scope, []) != made


def test_a_process_enters_its_cgroup_before_anything_else(tmp_path: Path) -> None:
    command = [view.interpreter(), "-I", "-S", str(_LIMITER), f"CGROUP={tmp_path}", "CORE=0:0", "--", "/bin/true"]
    subprocess.run(command, check=True)
    assert (tmp_path / "cgroup.procs").read_text() == "0"


@pytest.fixture
def real() -> Iterator[Path]:
    """A fresh real cgroup, without controllers."""
    mount = next((folder for folder in cgroup.MOUNTS if (folder / "cgroup.controllers").exists()), None)
    if mount is None or not os.access(mount, os.W_OK):
        pytest.skip("no cgroup v2 is mounted here that this user may write to")
    folder = mount / f"ryumon-test-{secrets.token_hex(4)}"
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error}")
    yield folder
    (folder / "cgroup.kill").write_text("1")
    cgroup._await_empty(folder)
    for path in (*folder.glob("*/"), folder):
        path.rmdir()


_SPAWNS = r"""
import os, signal
for _ in range(3):
    if not os.fork():
        os.setsid()
        if os.fork(): os._exit(0)
        break
os.write(1, b"there\n")
signal.pause()
"""


def test_a_lane_ends_with_all_that_it_started_and_is_removed(real: Path) -> None:
    made = real / "lane"
    made.mkdir()
    limiter = [view.interpreter(), "-I", "-S", str(_LIMITER), f"CGROUP={made}", "--"]
    process = Capped([*limiter, sys.executable, "-c", _SPAWNS], stdout=subprocess.PIPE)
    process.cgroup = made
    assert process.stdout is not None
    with process.stdout:
        for _ in range(4):
            assert process.stdout.readline() == b"there\n"
        assert len((made / "cgroup.procs").read_text().split()) >= 4
        process.kill()
        process.wait()
        assert process.stdout.read() == b""  # every holder of the other end is gone
    assert not made.exists()


_TOGETHER = """
import os, time
def main():
    started = []
    for _ in range(10):
        pid = os.fork()
        if not pid:
            held = bytearray(b"x") * (300 << 20)
            time.sleep(1)
            os._exit(len(held) & 1)
        started.append(pid)
    return sum(os.waitpid(pid, 0)[1] == 9 for pid in started)
"""


def killed_for_memory(tier: Tier) -> int | None:
    """Returns how many of ten processes were killed that hold 300 MB each, in a lane for 400 MB; None for the child."""
    limits = Limits(memory_mb=400, processes=64)
    for sandbox in sandbox_lane(tier, most=[limits]):
        with sandbox.open({"main.py": _TOGETHER}, limits) as child:
            try:
                return int(child.call("main.py:main", []).value)
            except CandidateFailure:
                return None
    raise AssertionError


def test_a_delegated_cgroup_bounds_the_memory_of_all_processes_together() -> None:
    require("A+")
    assert killed_for_memory("A+") != 0
    assert killed_for_memory("A") == 0  # each of them keeps to its own limit
