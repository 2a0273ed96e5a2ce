"""The tier is found by running it, what is missing is said with the commands that bring it, and nothing runs below."""

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ryumon.errors import SandboxError
from ryumon.sandbox import Missed, check_serves, preflight, start_zygote
from ryumon.store import open_store
from ryumon.supervisor import Settings, admitted_tier, start
from ryumon.task import Build, Limits, TaskSpec
from tests.conftest import TOML
from tests.sandbox.conftest import require

_MODULE = sys.modules["ryumon.sandbox.preflight"]  # the package calls its function by the same name


@pytest.fixture
def without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    require("B")
    monkeypatch.setattr(shutil, "which", lambda name: None)


@pytest.mark.usefixtures("without_bubblewrap")
def test_without_bubblewrap_the_tier_is_b_and_the_package_is_named() -> None:
    found = preflight()
    assert found.tier == "B"
    assert found.missed[-1] == Missed("A", ("bubblewrap is not installed",), ("apt-get install bubblewrap",))


def test_a_probe_that_is_not_refused_costs_the_tier(monkeypatch: pytest.MonkeyPatch) -> None:
    def unconfined(descriptor: int, **options: Any) -> Any:
        return start_zygote(descriptor, **(options | {"tier": "C"}))

    monkeypatch.setattr(_MODULE, "start_zygote", unconfined)
    found = preflight()
    assert found.tier == "C"
    for missed in found.missed[1:]:
        assert "failed the probe: reading a file of this machine" in missed.reasons
        assert missed.commands


def test_ubuntus_rule_is_answered_with_a_profile_and_with_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_MODULE, "_setting", lambda name: "1" if name.startswith("kernel/apparmor") else "15000")
    monkeypatch.setattr(_MODULE, "tried", lambda tier: ("bwrap: setting up uid map: Permission denied",))
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    profile, setting = preflight().missed[1].commands
    assert "/etc/apparmor.d/bwrap" in profile
    assert setting == "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"


@pytest.mark.usefixtures("without_bubblewrap")
def test_a_tier_below_the_one_asked_for_is_refused() -> None:
    assert admitted_tier() == admitted_tier(least="B") == "B"
    with pytest.raises(SandboxError, match="tier B is below the tier A asked for"):
        admitted_tier(least="A")


def test_where_no_tier_works_nothing_runs_unless_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_MODULE, "tried", lambda tier: (f"no {tier} today",))
    with pytest.raises(SandboxError, match=r"no sandbox works here: .*; tier A: no A today; tier B: no B today"):
        admitted_tier()
    assert admitted_tier(unsafe=True) == "C"


SPEC = TaskSpec(name="t", direction="minimize", editable=("a.py",))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"limits": Limits(processes=2)}, "limits.processes = 2"),
        ({"limits": Limits(processes=2), "run": ("./a",)}, "run"),
        ({"build": Build(("make",))}, "build"),
    ],
)
def test_a_task_that_starts_processes_is_not_run_at_tier_b(changes: dict[str, Any], named: str) -> None:
    check_serves("B", SPEC)
    spec = msgspec.structs.replace(SPEC, **changes)
    for tier in ("A", "C"):
        check_serves(tier, spec)
    with pytest.raises(SandboxError, match=f"task t: its .*{named}.* takes sandbox tier A or better"):
        check_serves("B", spec)


@pytest.mark.usefixtures("without_bubblewrap")
def test_a_run_says_at_its_start_that_its_task_wants_another_tier(tiny: Any, tmp_path: Path) -> None:
    folder = tiny(toml=TOML.replace("[limits]", "[limits]\nprocesses = 4"))
    store = open_store(str(tmp_path / "s"))
    with pytest.raises(SandboxError, match="takes sandbox tier A"):
        asyncio.run(start(store, str(folder), Settings(budget="4ev"), admitted_tier(), lambda history: None))
    assert store.runs() == []
