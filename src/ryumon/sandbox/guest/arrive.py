"""The first step of a zygote in a container: fetches its end of the worker's socket, which no engine hands on.

Connects to the socket in `FOLDER`, receives one descriptor, and goes on as `restrict` with it in place of `@control`.
"""

import os
import socket

from . import restrict

FOLDER = "/.ryumon/control"
SOCKET = "socket"


def main(arguments: list[str]) -> None:
    """Fetches the descriptor, confines itself and becomes the command."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as end:
        end.connect(f"{FOLDER}/{SOCKET}")
        _, (control, *_), _, _ = socket.recv_fds(end, 1, 1)
    os.set_inheritable(control, True)
    restrict.main([str(control) if word == "@control" else word for word in arguments])
