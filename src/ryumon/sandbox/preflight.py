"""Finds the tier that this machine supports, by running it: a confined zygote, a nested clone with its mounts, and a
few probes that must be refused. Trusts no version number, and changes nothing on the machine.
"""

import os
import shutil
import socket
import tempfile
from pathlib import Path

import msgspec

from ryumon.errors import RyumonError
from ryumon.sandbox.client import CandidateFailure, Sandbox
from ryumon.sandbox.confinement import start_zygote
from ryumon.sandbox.tiers import Tier
from ryumon.task import Limits

_PATIENCE_S = 20.0
_PROBE = """
import os, socket

def refused(attempt, *args):
    try:
        attempt(*args)
    except OSError:
        return True
    return False

def probe(secret):
    return {
        "reading a file of this machine": refused(open, secret),
        "reading /etc/passwd": refused(open, "/etc/passwd"),
        "writing outside the work folder": refused(open, "/usr/x", "w") and refused(open, "/x", "w"),
        "opening a network socket": refused(socket.socket),
        "seeing other processes": os.getpid() == 1 and not os.listdir("/proc"),
        "starting a process": refused(os.fork),
        "writing in the work folder": not refused(open, "x", "w"),
    }
"""


class Preflight(msgspec.Struct, frozen=True):
    """The strongest tier that works here, why no stronger one does, and what to run to reach the next."""

    tier: Tier
    reasons: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


def preflight() -> Preflight:
    """Returns what this machine's sandbox can do, in well under a second. `C`: only timeouts and rlimits hold."""
    if shutil.which("bwrap") is None:
        return Preflight("C", ("bubblewrap is not installed",), ("apt install bubblewrap",))
    reasons = _try_tier_a()
    return Preflight("C", reasons, _advice()) if reasons else Preflight("A")


def _try_tier_a() -> tuple[str, ...]:
    """Returns why tier A does not work; nothing where it does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(_PATIENCE_S)
    with tempfile.TemporaryFile() as errors, tempfile.NamedTemporaryFile() as secret, ours:
        os.chmod(secret.name, 0o644)
        with theirs:
            process = start_zygote(theirs.fileno(), tier="A", stderr=errors)
        try:
            with Sandbox(ours).open({"probe.py": _PROBE}, Limits(wall_s=_PATIENCE_S)) as child:
                outcome = child.call("probe.py:probe", [secret.name]).value
            return tuple(f"failed the probe: {name}" for name, passed in outcome.items() if passed is not True)
        except CandidateFailure as failure:
            return (f"the probe failed: {failure}",)
        except (RyumonError, OSError) as error:
            errors.seek(0)
            told = errors.read(2000).decode("utf-8", "replace").strip().splitlines()
            return (told[-1] if told else str(error),)
        finally:
            process.kill()
            process.wait()


def _advice() -> tuple[str, ...]:
    """Returns the commands that most often mend user namespaces on this machine."""
    settings = (
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl kernel.apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=15000"),
    )
    found = tuple(command for name, bad, command in settings if _setting(name) == bad)
    if found:
        return found
    return (
        "in a container: start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
        "--security-opt systempaths=unconfined",
    )


def _setting(name: str) -> str | None:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return None
