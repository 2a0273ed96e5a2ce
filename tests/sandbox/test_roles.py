"""How roles and zygotes are started: what they see, what they inherit, and that they end with their starter."""

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import ryumon
from ryumon.errors import RoleError, SandboxError
from ryumon.sandbox import Sandbox, Tier, at_least, start_role, start_zygote, stronger, view
from ryumon.task import Limits
from tests.sandbox.conftest import require


@pytest.fixture
def tier(request: pytest.FixtureRequest) -> Tier:
    """One of the tiers that confine, which this machine has."""
    found: Tier = request.param
    require(found)
    return found


EVERYWHERE = pytest.mark.parametrize("tier", ["A", "B"], indirect=True)

_REPORT = """
import json, os, sys
import ryumon.task, numpy
def attempt(path):
    try:
        return open(path).read()
    except OSError as error:
        return type(error).__name__
def network():
    import socket
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[3])), 5)
    except OSError as error:
        return type(error).__name__
    return "connected"
report = {
    "environment": sorted(os.environ),
    "shadow": attempt("/etc/shadow"),
    "given": attempt(sys.argv[2] + "/note"),
    "beside": attempt(sys.argv[2] + "/../beside"),
    "written": os.access(sys.argv[2], os.W_OK),
    "user": os.getuid(),
    "network": network(),
}
os.write(int(sys.argv[1]), json.dumps(report).encode())
"""


@EVERYWHERE
def test_a_role_sees_ryumon_and_what_it_is_given_and_nothing_else(
    tier: Tier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "secret")
    given = tmp_path / "given"
    given.mkdir()
    (given / "note").write_text("given")
    (tmp_path / "beside").write_text("beside")
    reader, writer = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as server:
        argv = ["-c", _REPORT, str(writer), str(given), str(server.getsockname()[1])]
        process = start_role(argv, tier=tier, pass_fds=[writer], read_only=[given])
        os.close(writer)
        with open(reader, "rb") as pipe:
            report = json.loads(pipe.read())
    assert process.wait(10) == 0
    assert "SOME_API_KEY" not in report.pop("environment")
    assert report.pop("user") != 0
    assert {report.pop("shadow"), report.pop("beside")} <= {"FileNotFoundError", "PermissionError"}
    assert report.pop("network") in ("ConnectionRefusedError", "PermissionError")
    assert report == {"given": "given", "written": False}


_WORKER = """
import os, socket, sys
from ryumon.sandbox import Sandbox
from ryumon.task import Limits
sandbox = Sandbox(socket.socket(fileno=int(sys.argv[1])))
with sandbox.open({"a.py": "def f(x): return x + 1"}, Limits()) as child:
    os.write(int(sys.argv[2]), str(child.call("a.py:f", [41]).value).encode())
"""


@EVERYWHERE
def test_a_confined_worker_reaches_its_confined_zygote(tier: Tier) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    reader, writer = os.pipe()
    with ours, theirs:
        zygote = start_zygote(theirs.fileno(), tier=tier)
        worker = start_role(
            ["-c", _WORKER, str(ours.fileno()), str(writer)], tier=tier, pass_fds=[ours.fileno(), writer]
        )
    os.close(writer)
    with open(reader) as pipe:
        assert pipe.read() == "42"
    assert (worker.wait(10), zygote.wait(10)) == (0, 0)


def test_a_role_cannot_be_given_what_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="does not exist"):
        start_role(["-c", ""], tier="A", read_only=[tmp_path / "missing"])


@EVERYWHERE
def test_a_ryumon_copied_among_the_packages_is_hidden(
    tier: Tier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site-packages"
    for name in ("ryumon/tasks/answer", "ryumon-0.1.dist-info/RECORD", "other/code"):
        (packages / name).parent.mkdir(parents=True)
        (packages / name).write_text("held out")
    monkeypatch.setattr(sys, "path", [*sys.path, str(packages)])
    monkeypatch.setattr(view, "PACKAGE", packages / "ryumon")
    source = """
import os
def main(path):
    found = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
    return [os.path.basename(path) for path in found if os.path.isfile(path) and readable(path)]
def readable(path):
    try: return bool(open(path).read())
    except OSError: return False
"""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = start_zygote(theirs.fileno(), tier=tier)
    with ours, Sandbox(ours).open({"a.py": source}, Limits()) as child:
        assert child.call("a.py:main", [str(packages)]).value == ["code"]
    assert process.wait(10) == 0


@EVERYWHERE
def test_a_task_among_the_packages_is_hidden_from_candidates(
    tier: Tier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "real" / "site-packages"
    for name in ("a_task/task.py", "a_task/seed/fit.py", "data/answers", "data/public", "other/code"):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text("held out")
    (packages / "to_data").symlink_to("data/answers")
    (tmp_path / "link").symlink_to("real")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "link/site-packages")])
    beside = tmp_path / "beside"
    beside.touch()
    hidden = [packages / "a_task", packages / "a_task/seed", packages / "to_data", beside, tmp_path / "absent"]
    source = """
import os
def main(path):
    read = {}
    # Where only what is shown can be listed, the walk from above finds nothing.
    for folder, _, names in (*os.walk(path), *os.walk(path + "/link/site-packages")):
        for name in names:
            try: read[name] = open(os.path.join(folder, name)).read()
            except OSError: pass
    return read
"""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = start_zygote(theirs.fileno(), tier=tier, hidden=hidden)
    with ours, Sandbox(ours).open({"a.py": source}, Limits()) as child:
        read = child.call("a.py:main", [str(tmp_path)]).value
    assert {name for name, text in read.items() if text} == {"public", "code"}
    assert process.wait(10) == 0


def test_what_the_interpreter_needs_cannot_be_hidden() -> None:
    with pytest.raises(SandboxError, match="holds the interpreter"):
        view.for_zygote([Path(sys.prefix)])


@EVERYWHERE
def test_a_role_can_be_kept_from_the_built_in_tasks(tier: Tier) -> None:
    tasks = view.PACKAGE / "tasks"
    code = """
import os, sys, ryumon.task
read = 0
for folder, _, names in os.walk(sys.argv[2]):
    for name in names:
        try: read += len(open(os.path.join(folder, name), "rb").read())
        except OSError: pass
os.write(int(sys.argv[1]), str(read).encode())
"""
    reader, writer = os.pipe()
    process = start_role(["-c", code, str(writer), str(tasks)], tier=tier, pass_fds=[writer], hidden=[tasks])
    os.close(writer)
    with open(reader) as pipe:
        assert pipe.read() == "0"
    assert process.wait(10) == 0


@EVERYWHERE
def test_the_zygote_ends_and_kills_its_children_when_the_worker_is_gone(tier: Tier) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = start_zygote(theirs.fileno(), tier=tier)
    child = Sandbox(ours).open({"a.py": "def f(): return 1"}, Limits())
    child.call("a.py:f", [])
    ours.close()
    assert process.wait(10) == 0
    assert child._stream.recv(1) == b""


@EVERYWHERE
def test_a_killed_role_takes_its_children_along(tier: Tier) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs, ours:
        process = start_zygote(theirs.fileno(), tier=tier)
        child = Sandbox(ours).open({"a.py": "def f(): return 1"}, Limits())
        child.call("a.py:f", [])
        process.kill()
        process.wait(10)
        child._stream.settimeout(10)
        assert child._stream.recv(1) == b""


_SUPERVISOR = """
import signal, sys
from ryumon.sandbox import start_zygote
print(start_zygote(int(sys.argv[1]), tier=sys.argv[2]).pid, flush=True)
signal.pause()
"""


@EVERYWHERE
def test_a_killed_supervisor_takes_its_roles_along(tier: Tier) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            command = [sys.executable, "-c", _SUPERVISOR, str(theirs.fileno()), tier]
            supervisor = subprocess.Popen(command, stdout=subprocess.PIPE, pass_fds=[theirs.fileno()])
        assert supervisor.stdout is not None
        child = Sandbox(ours).open({"a.py": "def f(): return 1"}, Limits())
        with supervisor.stdout:
            zygote = os.pidfd_open(int(supervisor.stdout.readline()))
            child.call("a.py:f", [])
            supervisor.kill()
            supervisor.wait()
            assert select.select([zygote], [], [], 10)[0] == [zygote]
            # What was started follows its launcher, at the kernel's leisure.
            gone = select.poll()
            gone.register(ours, select.POLLHUP)
            assert gone.poll(10_000)
            with pytest.raises(RoleError):
                child.close()


def test_a_zygote_that_cannot_import_its_preload_says_so(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs, ours, open(tmp_path / "errors", "wb") as errors:
        process = start_zygote(theirs.fileno(), tier="C", preload=["no_such_module"], stderr=errors)
    assert process.wait(10) != 0
    assert "no_such_module" in (tmp_path / "errors").read_text()


_NO_PIDFD = """
import os
def pidfd_open(pid, flags=0):
    raise OSError(24, "Too many open files")
os.pidfd_open = pidfd_open
"""


@pytest.mark.usefixtures("confined")
@pytest.mark.parametrize("tier", ["A", "B", "C"])
def test_a_child_that_cannot_be_watched_is_killed_and_is_not_the_candidates_fault(
    tier: Tier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site-packages"
    packages.mkdir()
    (packages / "no_pidfd.py").write_text(_NO_PIDFD)
    monkeypatch.setattr(sys, "path", [*sys.path, str(packages)])
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = start_zygote(theirs.fileno(), tier=tier, preload=["no_pidfd"])
    with ours:
        # It may get as far as its candidate before it is killed.
        child = Sandbox(ours).open({"a.py": "import time\ndef f(): time.sleep(60)"}, Limits(wall_s=30))
        with pytest.raises(SandboxError, match="Too many open files"):
            child.call("a.py:f", [])
    assert process.wait(10) == 0


def _wait_until_gone(*ends: socket.socket) -> None:
    for end in ends:
        poll = select.poll()
        poll.register(end, 0)  # nothing but that the other end is closed
        assert poll.poll(10_000)


@EVERYWHERE
def test_a_dead_zygote_is_never_the_candidates_failure(tier: Tier) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = start_zygote(theirs.fileno(), tier=tier)
    files = {"a.py": "def f(): return 1"}
    with ours:
        sandbox = Sandbox(ours)
        used, fresh = (sandbox.open(files, Limits()) for _ in range(2))
        used.call("a.py:f", [])
        process.kill()
        process.wait(10)
        _wait_until_gone(ours, used._stream, fresh._stream)
        for child in (used, fresh):
            with pytest.raises(RoleError, match="zygote"):
                child.call("a.py:f", [])
            with pytest.raises(RoleError, match="zygote"):
                child.close()
        with pytest.raises(RoleError, match="zygote"):
            sandbox.open(files, Limits())


def test_tiers_have_an_order() -> None:
    assert at_least("A", "B")
    assert at_least("B", "C")
    assert not at_least("B", "A")
    assert at_least("C", "C")
    assert not at_least("C", "A")
    assert stronger("A", "C") == stronger("C", "A") == "A"


_AS_USER = """
import socket, sys
sys.path[:0] = {paths!r}
from ryumon.sandbox import Sandbox, preflight, start_role, start_zygote
from ryumon.sandbox.preflight import tried
from ryumon.task import Limits
assert preflight().tier == "A"
assert not tried("B"), tried("B")
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
with theirs:
    process = start_zygote(theirs.fileno(), tier="A")
source = "import os\\ndef f(x):\\n    return [x, os.getpid(), os.path.exists('/etc'), os.listdir('/proc')]"
with Sandbox(ours).open({{"a.py": source}}, Limits()) as child:
    print(child.call("a.py:f", [41]).value)
ours.close()
assert process.wait(10) == 0
assert start_role(["-c", "import ryumon.task"], tier="A").wait(10) == 0
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes an ordinary user, which takes root; the other tests ran as one")
@pytest.mark.usefixtures("confined")
def test_it_works_as_an_ordinary_user(tmp_path: Path) -> None:
    """In a mount namespace of its own, where an interpreter under root's home is made reachable for that user."""
    if not shutil.which("setpriv") or not shutil.which("unshare"):
        pytest.skip("needs setpriv and unshare")
    base, package = os.path.realpath(sys.base_prefix), str(Path(ryumon.__file__).parents[1])
    places = list(dict.fromkeys([base, sys.prefix, package]))
    paths = [package, *(path for path in sys.path if path.endswith("site-packages"))]
    # The launcher's own way: open while privileged, cover the private folder, bind at the same path again.
    setup = """
        set -e
        mkdir "$1/held"
        i=0
        for place in "${@:4}"; do i=$((i+1)); mkdir "$1/held/$i"; mount --rbind "$place" "$1/held/$i"; done
        mount -t tmpfs -o mode=0755 tmpfs /mnt
        i=0
        for place in "${@:4}"; do i=$((i+1)); mkdir "/mnt/$i"; mount --rbind "$1/held/$i" "/mnt/$i"; done
        mount -t tmpfs -o mode=0755 tmpfs "$(printf '%s' "$HOME")"
        i=0
        for place in "${@:4}"; do
            i=$((i+1))
            [ -d "$place" ] || { mkdir -p "$place"; mount --rbind "/mnt/$i" "$place"; }
        done
        exec setpriv --reuid 12345 --regid 12345 --clear-groups --inh-caps=-all "$2" -c "$3"
    """
    script = _AS_USER.format(paths=paths)
    command = ["unshare", "-m", "bash", "-c", textwrap.dedent(setup), "bash", str(tmp_path), view.interpreter(), script]
    environment = {"PATH": os.environ["PATH"], "HOME": str(Path.home())}
    done = subprocess.run([*command, *places], capture_output=True, text=True, cwd="/", env=environment, check=False)
    assert (done.stdout, done.returncode) == ("[41, 1, True, []]\n", 0), done.stderr
