"""Tier V: a lane's zygote in a container of podman's or docker's, confined in there as at tier B.

The root of the container is an image of empty folders, made here; what candidates see is mounted read-only into it.
`main` is the process that stands for the container: it starts the engine's command, hands over a descriptor, and ends
with it. Pulls no image, and reaches no registry.
"""

import hashlib
import io
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ryumon.errors import SandboxError
from ryumon.sandbox.cgroup import totals
from ryumon.sandbox.guest import arrive
from ryumon.sandbox.view import View
from ryumon.task import Limits

ENGINES = ("podman", "docker")
CONTROL = "@control"  # in a command: the descriptor that `arrive` puts there
SHARED = "@shared"  # in a command: the folder of the socket that `arrive` connects to
_FOLDERS = ("usr", "etc", "proc", "dev", "sys", "tmp", "run")
_PATIENCE_S = 60.0
_PROCESSES = 4096  # of a user; --pids-limit bounds the container
# What the engines' own commands need of the environment; none of it reaches the container.
VARIABLES = ("PATH", "HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "DOCKER_HOST", "CONTAINER_HOST")
# How `main` is started, with the descriptor and the engine's command.
START = "import sys; from ryumon.sandbox.container import main; sys.exit(main(sys.argv[1:]))"
_ARRIVE = "import sys; sys.path.insert(0, sys.argv[1]); from guest.arrive import main; main(sys.argv[2:])"


def engine() -> str:
    """Returns the path of a container engine's command; raises `SandboxError` where there is none."""
    found = next((path for name in ENGINES if (path := shutil.which(name)) is not None), None)
    if found is None:
        raise SandboxError(f"no container engine is installed: {' or '.join(ENGINES)}")
    return found


def image(program: str, links: Sequence[tuple[str, str]]) -> str:
    """Returns the name of an image of empty folders and of `links` (target, name), imported where it is not there."""
    name = f"ryumon-root:{hashlib.sha256(repr((_FOLDERS, links)).encode()).hexdigest()[:12]}"
    if subprocess.run([program, "image", "inspect", name], capture_output=True, check=False).returncode == 0:
        return name
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for folder in _FOLDERS:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for target, link in links:
            entry = tarfile.TarInfo(link.lstrip("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    made = subprocess.run([program, "import", "-", name], input=packed.getvalue(), capture_output=True, check=False)
    if made.returncode:
        lines = made.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SandboxError(f"{program} cannot import an image: {lines[-1] if lines else made.returncode}")
    return name


def command(
    program: str, root: str, inner: Sequence[str], environment: Mapping[str, str], seen: View, most: Sequence[Limits]
) -> list[str]:
    """Returns the engine's command for a zygote to which `seen` is shown, in a container of the image `root`: without
    network, capabilities or anything to write to, and capped."""
    memory, processes = totals(most)
    user = (65533, 65533) if os.geteuid() == 0 else (os.getuid(), os.getgid())
    words = [program, "run", "--rm", "--interactive=false", "--network", "none", "--read-only", "--ipc", "none"]
    words += ["--cap-drop", "all", "--security-opt", "no-new-privileges", "--log-driver", "none"]
    words += ["--pids-limit", str(processes), "--memory", str(memory), "--memory-swap", str(memory)]
    # Engines ask for more than the usual limit, which only a privileged engine may give.
    words += ["--ulimit", "nofile=1024:1024", "--ulimit", "core=0:0", "--ulimit", f"nproc={_PROCESSES}:{_PROCESSES}"]
    words += ["--user", f"{user[0]}:{user[1]}"]
    if Path(program).name == "podman":
        words += ["--read-only-tmpfs=false"]
        words += [] if os.geteuid() == 0 else ["--userns", "keep-id"]
    for source, destination in (*seen.binds, (SHARED, arrive.FOLDER)):
        words += ["--mount", f"type=bind,source={source},target={destination},readonly"]
    settings = [f"{name}={value}" for name, value in environment.items()]
    return [*words, "--entrypoint", "/usr/bin/env", root, "-i", *settings, *inner]


def inner(python: str, plan: str, zygote: Sequence[str], guest: str) -> list[str]:
    """Returns what runs in the container: `arrive`, then `restrict`, then the zygote."""
    return [python, "-I", "-S", "-c", _ARRIVE, guest, plan, "--", *zygote]


def main(arguments: Sequence[str]) -> int:
    """Starts a container and hands its zygote the descriptor; returns the engine's exit code once it has ended."""
    control = int(arguments[0])
    with tempfile.TemporaryDirectory(prefix="ryumon-") as folder:
        os.chmod(folder, 0o755)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(f"{folder}/{arrive.SOCKET}")
            os.chmod(f"{folder}/{arrive.SOCKET}", 0o777)
            listener.listen(1)
            listener.settimeout(0.1)
            run = subprocess.Popen([word.replace(SHARED, folder) for word in arguments[1:]], stdin=subprocess.DEVNULL)
            for _ in range(int(_PATIENCE_S / 0.1)):
                try:
                    end, _ = listener.accept()
                except TimeoutError:
                    if run.poll() is not None:
                        break
                    continue
                with end:
                    socket.send_fds(end, [b"c"], [control])
                break
    # The folder has served: whoever kills this process leaves nothing behind.
    os.close(control)
    return run.wait()
