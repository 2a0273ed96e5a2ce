"""What attacks go for: files with a secret, a file to forge, servers to reach, held-out data among packages."""

import os
import secrets
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

from ryumon.sandbox import view
from tests.sandbox.abuse.abuse import SECRET


class World:
    """Files and servers of this machine, readable by every user of it; `told` is what attacks are told of them."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ryumon-abuse-", dir="/tmp"))
        self.folder.chmod(0o777)
        self.packages = self.folder / "lib/site-packages"
        self.task = self.packages / "a_task"
        for path, mode in (
            (self.folder / "secret", 0o644),
            (self.folder / "private", 0o600),
            (self.folder / "scores.json", 0o666),
            (self.folder / "mine", 0o600),
            (self.task / "answers", 0o644),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(SECRET)
            path.chmod(mode)
        name = f"ryumon-{secrets.token_hex(8)}"
        self._servers = {
            "tcp": _server(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "udp": _server(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "abstract": _server(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{name}"),
            "datagrams": _server(socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{name}-datagrams"),
            "unix": _server(socket.AF_UNIX, socket.SOCK_STREAM, str(self.folder / "socket")),
        }
        (self.folder / "socket").chmod(0o777)
        self.told: dict[str, Any] = {
            "folder": str(self.folder),
            "secret": str(self.folder / "secret"),
            "private": str(self.folder / "private"),
            "scores": str(self.folder / "scores.json"),
            "mine": str(self.folder / "mine"),
            "held_out": str(self.task / "answers"),
            "task": str(view.PACKAGE / "tasks/bin_packing/task.py"),
            "tcp": self._servers["tcp"].getsockname()[1],
            "udp": self._servers["udp"].getsockname()[1],
            "abstract": name,
            "datagrams": f"{name}-datagrams",
            "unix": str(self.folder / "socket"),
        }

    def give(self, user: int) -> None:
        """Makes one file the own of the user whom an attack runs as."""
        if os.geteuid() == 0:
            os.chown(self.folder / "mine", user, user)

    def files(self) -> dict[str, tuple[int, ...]]:
        """Returns each file's size, mode and time of its last change."""
        found: dict[str, tuple[int, ...]] = {}
        for folder, folders, names in os.walk(self.folder):
            for name in (*folders, *names):
                status = os.lstat(os.path.join(folder, name))
                kept = (status.st_mtime_ns, status.st_size, status.st_mode) if name in names else ()
                found[os.path.join(folder, name)] = kept
        return found

    def received(self) -> tuple[str, ...]:
        """Returns which servers something has reached since this was asked last."""
        reached = []
        for name, server in self._servers.items():
            try:
                if server.type == socket.SOCK_STREAM:
                    server.accept()[0].close()
                else:
                    server.recv(100)
            except BlockingIOError:
                continue
            reached.append(name)
        return tuple(reached)

    def close(self) -> None:
        """Removes it all."""
        for server in self._servers.values():
            server.close()
        shutil.rmtree(self.folder)


def _server(family: int, kind: int, address: Any) -> socket.socket:
    server = socket.socket(family, kind)
    server.bind(address)
    if kind == socket.SOCK_STREAM:
        server.listen()
    server.setblocking(False)
    return server
