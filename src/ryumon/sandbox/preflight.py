"""Finds the strongest tier that this machine supports, by running it: a confined zygote, a child, and a few probes that
must be refused. Trusts no version number, and changes nothing on the machine.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from ryumon.errors import RyumonError, SandboxError
from ryumon.sandbox import cgroup, container
from ryumon.sandbox.cgroup import Capped
from ryumon.sandbox.client import CandidateFailure, Sandbox
from ryumon.sandbox.confinement import start_zygote
from ryumon.sandbox.tiers import Tier, namespaced
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

def probe(secret, starter):
    return {
        "reading a file of this machine": refused(open, secret),
        "reading /etc/passwd": refused(open, "/etc/passwd"),
        "writing outside the work folder": refused(open, "/usr/x", "w") and refused(open, "/x", "w"),
        "opening a network socket": refused(socket.socket),
        "starting a process": refused(os.fork),
    }

def in_namespaces(secret, starter):
    return probe(secret, starter) | {
        "seeing other processes": os.getpid() == 1 and not os.listdir("/proc"),
        "writing in the work folder": not refused(open, "x", "w"),
    }

def in_a_domain(secret, starter):
    return probe(secret, starter) | {
        "seeing other processes": refused(os.listdir, "/proc"),
        "signalling its parent": refused(os.kill, os.getppid(), 0),
        "signalling the process that asked for it": refused(os.kill, starter, 0),
        "changing the mode of a file": refused(os.chmod, secret, 0o644),
    }
"""
_PROBES: dict[Tier, str] = {"A+": "in_namespaces", "A": "in_namespaces", "B": "in_a_domain", "V": "in_a_domain"}
_PROFILE = (
    r"printf 'abi <abi/4.0>,\ninclude <tunables/global>\nprofile bwrap /usr/bin/bwrap flags=(unconfined) "
    r"{\n  userns,\n}\n' | sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap"
)


class Missed(msgspec.Struct, frozen=True):
    """A tier that does not work here: why, and which commands may mend it, any one of them."""

    tier: Tier
    reasons: tuple[str, ...]
    commands: tuple[str, ...]


class Preflight(msgspec.Struct, frozen=True):
    """The strongest tier that works here, and those above it, the strongest first."""

    tier: Tier
    missed: tuple[Missed, ...] = ()


def preflight() -> Preflight:
    """Returns what this machine's sandbox can do, in about a second. `C`: only timeouts and rlimits hold."""
    missed: list[Missed] = []
    for tier, commands in _COMMANDS.items():
        reasons = tried(tier)
        if not reasons:
            return Preflight(tier, tuple(missed))
        missed.append(Missed(tier, reasons, commands()))
    return Preflight("C", tuple(missed))


def tried(tier: Tier) -> tuple[str, ...]:
    """Returns why a tier does not work; nothing where it does."""
    if namespaced(tier) and shutil.which("bwrap") is None:
        return ("bubblewrap is not installed",)
    try:
        if tier == "A+":
            cgroup.delegated()
        if tier == "V":
            container.engine()
    except SandboxError as error:
        return (str(error),)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(_PATIENCE_S)
    with tempfile.TemporaryFile() as errors, tempfile.NamedTemporaryFile() as secret, ours:
        os.chmod(secret.name, 0o644)
        with theirs:
            try:
                process = start_zygote(theirs.fileno(), tier=tier, stderr=errors)
            except (RyumonError, OSError) as error:  # an engine that is installed and does not run, for one
                return (str(error),)
        try:
            with Sandbox(ours).open({"probe.py": _PROBE}, Limits(wall_s=_PATIENCE_S)) as child:
                outcome = child.call(f"probe.py:{_PROBES[tier]}", [secret.name, os.getpid()]).value
                if tier == "A+":
                    outcome["running outside its cgroup"] = _holds(process)
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


def _holds(process: Capped) -> bool:
    """Returns whether the zygote and its child are in the lane's cgroup."""
    return process.cgroup is not None and len((process.cgroup / "cgroup.procs").read_text().split()) >= 2


def _for_tier_a_plus() -> tuple[str, ...]:
    return ("systemd-run --user --scope -p Delegate=yes ryumon …, and so for each command",)


def _for_tier_a() -> tuple[str, ...]:
    """Returns the commands that most often bring tier A."""
    if shutil.which("bwrap") is None:
        return ("apt-get install bubblewrap",)
    settings = (
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl kernel.apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=15000"),
    )
    found = tuple(f"sudo {command}" for name, bad, command in settings if _setting(name) == bad)
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (_PROFILE, *found)
    return found or (
        "in a container: start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
        "--security-opt systempaths=unconfined",
    )


def _for_tier_b() -> tuple[str, ...]:
    return ("a kernel of 6.12 or newer, with landlock among the modules that its option lsm= names",)


def _setting(name: str) -> str | None:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return None


_COMMANDS: dict[Tier, Callable[[], tuple[str, ...]]] = {"A+": _for_tier_a_plus, "A": _for_tier_a, "B": _for_tier_b}
