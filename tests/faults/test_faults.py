"""Whatever fails around a run, its archive and its verdict are those of an undisturbed one."""

import os
import select
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ryumon.store import SqlStore
from tests.conftest import write_task
from tests.faults.campaign import RUN, disturbed, ryumon, told, undisturbed
from tests.faults.kinds import KINDS
from tests.faults.session import PATIENCE_S, adopting, await_none_left, below, children_of_zygotes
from tests.faults.tasks import write_pausing_task

Arguments = list[str]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Arguments, list[str]]:
    """Returns the arguments of a small run, and what is told of that run undisturbed."""
    folder = tmp_path_factory.mktemp("faults")
    arguments = [str(write_pausing_task(folder / "tiny")), "--budget", "24ev", "--test-seed", "7", "--workers", "2"]
    return arguments, undisturbed(folder / "store", arguments)


RUNS = {
    "roles": ["kill child", "kill worker", "kill child", "kill zygote"],  # a second kill of one program's child stands
    "surroundings": ["stepped clock", "locked store", "full pipe", "closed pipe"],
    "losses": ["kill supervisor", "power cut", "altered row"],
    "refusals": ["full disk", "kill improver"],
    "stops": ["Ctrl-C", "ryumon stop", "terminated"],
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_ends_as_if_nothing_had_happened(whole: tuple[Arguments, list[str]], tmp_path: Path, name: str) -> None:
    arguments, expected = whole
    outcome = disturbed(tmp_path, arguments, RUNS[name], np.random.default_rng(1), print)
    assert outcome.faults == Counter(RUNS[name])
    assert told(SqlStore(tmp_path), RUN) == expected
    assert ryumon("audit", RUN, "--store", str(tmp_path)).returncode == 0


def test_every_kind_of_fault_is_tried() -> None:
    assert {kind for kinds in RUNS.values() for kind in kinds} == set(KINDS)


def test_ctrl_c_before_the_seed_has_scored_is_one_line_and_leaves_no_process(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tiny", seed="import time\n\n\ndef fit(x):\n    time.sleep(9)\n    return x\n")
    command = [sys.executable, "-m", "ryumon.cli", "run", str(task), "--store", str(tmp_path / "store")]
    known = below(os.getpid())
    with adopting():
        run = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        while not children_of_zygotes(below(run.pid)):
            select.select([], [], [], 0.01)
            assert run.poll() is None
        os.killpg(run.pid, signal.SIGINT)
        _, errors = run.communicate(timeout=PATIENCE_S)
        await_none_left(known)
    assert run.returncode == 2
    assert len(errors.splitlines()) == 1, errors
