"""Becomes bubblewrap as an ordinary user, with folders that only root may reach bound where that user can.

A script of its own, run by root: `python launch.py STAGE UID SOURCE… -- BWRAP…`, in which BWRAP names the sources
as STAGE/0, STAGE/1 and so on. bubblewrap run by root would keep the kernel's root, which reads every file and passes
every process limit. Uses the standard library only, and starts in a bare interpreter.
"""

import ctypes
import os
import sys

_NEW_MOUNTS = 0x20000
_PRIVATE, _RECURSIVE, _BIND = 1 << 18, 16384, 4096

_libc = ctypes.CDLL(None, use_errno=True)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    encoded = [None if text is None else text.encode() for text in (source, target, kind, options)]
    if _libc.mount(*encoded[:3], ctypes.c_ulong(flags), encoded[3]):
        error = ctypes.get_errno()
        sys.exit(f"sandbox: cannot mount {target}: {os.strerror(error)}; run as an ordinary user instead")


def stage(folder: str, sources: list[str]) -> None:
    """Binds each source at `folder`/0, 1, … in a mount namespace of this process's own."""
    if _libc.unshare(_NEW_MOUNTS):
        sys.exit("sandbox: root may not unshare mounts here; run as an ordinary user instead")
    _mount("none", "/", None, _PRIVATE | _RECURSIVE)
    # Opened before the stage covers any of them, and after the unshare: mounts bind only within their own namespace.
    opened = [os.open(source, os.O_PATH) for source in sources]
    _mount("tmpfs", folder, "tmpfs", 0, "mode=0755,size=1m")
    for index, descriptor in enumerate(opened):
        target = f"{folder}/{index}"
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            os.mkdir(target)
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
        _mount(f"/proc/self/fd/{descriptor}", target, None, _BIND | _RECURSIVE)
        os.close(descriptor)


def main(arguments: list[str]) -> None:
    """Stages, gives up root, and becomes bubblewrap."""
    split = arguments.index("--")
    folder, user, sources = arguments[0], int(arguments[1]), arguments[2:split]
    os.umask(0o022)
    stage(folder, sources)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    os.chdir("/")
    os.execv(arguments[split + 1], arguments[split + 1 :])


if __name__ == "__main__":
    main(sys.argv[1:])
