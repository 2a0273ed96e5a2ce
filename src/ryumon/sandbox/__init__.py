"""Where untrusted code runs: children of a warm zygote, each confined, killed and forgotten; and how roles are started.

Tier **A** (bubblewrap and nested user namespaces): a child has its own user, pid, mount and ipc namespaces and an
empty network; it sees the system's libraries, the interpreter and installed packages read-only, and a work folder of
limited size in memory; it has no capability, an allowlist of system calls, and limits on CPU, wall time, address
space, file size, descriptors and processes. ryumon's own tasks are not visible, nor is what `hidden` names. No file can
be locked, or candidates could talk through the files that all of them see. What tier A does **not** cover:

- bugs of the kernel that the allowed system calls reach, and side channels of time, caches and CPU;
- total memory: the limit is on address space, for each process. A task that allows several gets it as often as it has
  processes, and the work folder (`disk_mb`) and the log (at most `disk_mb`) are memory beside it. That wants tier A+;
- CPU time, where several processes are allowed, of processes that live less than a scan and that nobody waits for:
  the wall limit ends those;
- fairness between lanes: a child can use the memory bandwidth and the core that it runs on;
- the candidate against itself: it can read and patch what runs beside it in its own process, `drivers` included.
  Only what the worker recomputes from claims is a score;
- the names of installed packages, the interpreter's path, the clock, the kernel's version and the number of cores.

Tier **A+** is tier A with a delegated cgroup for each lane: total memory and processes, and an end for all of them.

Tier **B** (no user namespace; Landlock 6 and seccomp): a child has a Landlock domain of its own, in which it opens the
same libraries and packages and no other file, connects nowhere, signals and traces nobody; it starts neither process
nor thread, has no work folder, and changes no file. Beside what tier A leaves open, it learns which files exist, with
their sizes and times, and the names in folders that hold something hidden. Roles are held likewise.

Tier **V** (`--sandbox container`) is tier B in a container of podman's or docker's.

Tier **C** (only with `--unsafe-no-sandbox`): a plain process group with rlimits, a time limit, and the filter of system
calls where it loads. It covers **nothing else**: the candidate runs as the user who started ryumon, reads every file of
that user, held-out data included, writes wherever that user may, and its work folder has no limit on its size.
"""

from ryumon.sandbox.client import CandidateFailure, Child, Claim, Ending, Sandbox, Usage
from ryumon.sandbox.confinement import start_role, start_zygote
from ryumon.sandbox.environment import python_of
from ryumon.sandbox.guest import codec
from ryumon.sandbox.interpreter import Interpreter
from ryumon.sandbox.preflight import Missed, Preflight, preflight, tried
from ryumon.sandbox.tiers import Tier, allows_processes, at_least, check_serves, stronger

__all__ = [
    "CandidateFailure",
    "Child",
    "Claim",
    "Ending",
    "Interpreter",
    "Missed",
    "Preflight",
    "Sandbox",
    "Tier",
    "Usage",
    "allows_processes",
    "at_least",
    "check_serves",
    "codec",
    "preflight",
    "python_of",
    "start_role",
    "start_zygote",
    "stronger",
    "tried",
]
