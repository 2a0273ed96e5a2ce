"""Tier V: the command that starts a container holds every restriction, and where an engine runs, so does the container.

`abuse/` attacks its children too. Both are skipped, visibly, where no engine runs.
"""

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ryumon.errors import BadInput, SandboxError
from ryumon.sandbox import CandidateFailure, Sandbox, Tier, at_least, container, start_zygote
from ryumon.sandbox.guest import arrive
from ryumon.sandbox.view import View
from ryumon.supervisor import admitted_tier
from ryumon.task import Limits
from tests.sandbox.conftest import lane, require

SEEN = View((("/usr", "/usr"), ("/somewhere/guest", "/.ryumon/guest")), (("usr/bin", "/bin"),))
ENVIRONMENT = {"LANG": "C.UTF-8"}


def built(program: str = "/usr/bin/docker") -> list[str]:
    return container.command(program, "image:1", ["python", "-V"], ENVIRONMENT, SEEN, [Limits(memory_mb=100)])


@pytest.mark.parametrize(
    "words",
    [
        ("--network", "none"),
        ("--read-only",),
        ("--ipc", "none"),
        ("--cap-drop", "all"),
        ("--security-opt", "no-new-privileges"),
        ("--pids-limit", "18"),
        ("--memory", str(1480 << 20)),
        ("--memory-swap", str(1480 << 20)),
        ("--mount", "type=bind,source=/usr,target=/usr,readonly"),
        ("--mount", "type=bind,source=/somewhere/guest,target=/.ryumon/guest,readonly"),
        ("--mount", f"type=bind,source={container.SHARED},target={arrive.FOLDER},readonly"),
        ("--rm",),
    ],
)
def test_the_container_is_restricted(words: tuple[str, ...]) -> None:
    command = built()
    options = command[: command.index("image:1")]
    assert words in [tuple(options[place : place + len(words)]) for place in range(len(options))]


def test_nothing_of_the_container_can_be_written_to_and_none_of_our_environment_enters_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "secret")
    command = built()
    mounts = [command[place + 1] for place, word in enumerate(command) if word == "--mount"]
    assert all(mount.endswith(",readonly") for mount in mounts)
    assert not {"--volume", "-v", "--tmpfs", "--device", "--privileged", "--env", "-e"} & set(command)
    assert command[command.index("image:1") :] == ["image:1", "-i", "LANG=C.UTF-8", "python", "-V"]
    assert "secret" not in " ".join(command)


@pytest.mark.parametrize(("user", "expected"), [(0, "65533:65533"), (1234, "1234:1234")])
def test_nobody_is_root_in_it(monkeypatch: pytest.MonkeyPatch, user: int, expected: str) -> None:
    for name in ("geteuid", "getuid", "getgid"):
        monkeypatch.setattr(os, name, lambda: user)
    command = built("/usr/bin/podman")
    assert command[command.index("--user") + 1] == expected
    assert ("keep-id" in command) == (user != 0)
    assert "--read-only-tmpfs=false" in command
    assert "keep-id" not in built()


def test_an_image_is_imported_once(tmp_path: Path) -> None:
    engine = tmp_path / "engine"
    engine.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n[ "$1" = import ] && cat > {tmp_path}/image\n')
    engine.chmod(0o700)
    name = container.image(str(engine), SEEN.links)
    # What answers nothing to `inspect` fails, so the image was asked for and then made.
    assert (tmp_path / "calls").read_text() == f"image inspect {name}\nimport - {name}\n"
    assert container.image(str(engine), ()) != name


def test_an_engine_that_is_installed_and_does_not_run_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = tmp_path / "podman"
    engine.write_text("#!/bin/sh\necho cannot connect >&2\nexit 1\n")
    engine.chmod(0o700)
    with pytest.raises(SandboxError, match="cannot connect"):
        container.image(str(engine), ())
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(SandboxError, match="cannot connect"):
        admitted_tier(backend="container")


def test_without_an_engine_a_container_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SandboxError, match="no container can be started here: no container engine is installed"):
        admitted_tier(backend="container")
    with pytest.raises(BadInput, match="exclude each other"):
        admitted_tier(backend="container", unsafe=True)
    with pytest.raises(BadInput, match="unknown sandbox 'vm'"):
        admitted_tier(backend="vm")


def test_a_container_counts_as_tier_b_and_not_as_tier_a() -> None:
    tier: Tier = "V"
    assert at_least(tier, "B")
    assert not at_least(tier, "A")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    require("V")
    yield from lane("V")


@pytest.mark.parametrize(
    ("body", "limits", "status"),
    [
        ("while True: pass", Limits(cpu_s=0.2), "cpu_limit"),
        ("import time; time.sleep(1000)", Limits(wall_s=0.2), "wall_limit"),
        ("x = bytearray(1 << 40)", Limits(), "memory_limit"),
    ],
)
def test_limits_hold_in_it(sandbox: Sandbox, body: str, limits: Limits, status: str) -> None:
    with sandbox.open({"a.py": f"def f():\n    {body}"}, limits) as child:
        with pytest.raises(CandidateFailure) as caught:
            child.call("a.py:f", [])
        assert caught.value.status == status


def test_it_ends_when_the_worker_is_gone() -> None:
    require("V")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = start_zygote(theirs.fileno(), tier="V")
    child = Sandbox(ours).open({"a.py": "def f(): return 1"}, Limits())
    assert child.call("a.py:f", []).value == 1
    ours.close()
    assert process.wait(30) == 0


def test_the_socket_in_the_shared_folder_hands_on_one_descriptor(tmp_path: Path) -> None:
    """`main` with a stand-in for the engine, which connects as `arrive` does and says what it was handed."""
    stand_in = f"""
import os, socket, sys
end = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
end.connect(sys.argv[1] + "/{arrive.SOCKET}")
_, handed, _, _ = socket.recv_fds(end, 1, 1)
os.write(handed[0], b"from inside")
"""
    reader, writer = os.pipe()
    assert container.main([str(writer), sys.executable, "-c", stand_in, container.SHARED]) == 0
    with open(reader, "rb") as pipe:
        assert pipe.read() == b"from inside"
