"""Becomes a command under rlimits that all of its processes inherit: `python limited.py NAME=SOFT:HARD… -- COMMAND…`.

A script of its own, since a limit must hold before the command's first line, and a supervisor with threads can run
nothing between fork and exec. Names are those of `resource`, HARD may be left out to leave it as it is; CGROUP=PATH is
a cgroup to enter first. Uses the standard library only, and starts in a bare interpreter.
"""

import os
import resource
import sys


def lower(name: str, soft: int, hard: int | None) -> None:
    """Sets a limit, or as much of it as the limit already in force allows."""
    kind = getattr(resource, f"RLIMIT_{name}")
    ceiling = resource.getrlimit(kind)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), ceiling if hard is None else min(hard, ceiling)
    resource.setrlimit(kind, (soft, ceiling if hard is None else hard))


def main(arguments: list[str]) -> None:
    """Sets the limits and becomes the command."""
    split = arguments.index("--")
    for limit in arguments[:split]:
        name, _, values = limit.partition("=")
        if name == "CGROUP":
            with open(f"{values}/cgroup.procs", "w") as file:
                file.write("0")  # this process
            continue
        soft, _, hard = values.partition(":")
        lower(name, int(soft), int(hard) if hard else None)
    os.execv(arguments[split + 1], arguments[split + 1 :])


if __name__ == "__main__":
    main(sys.argv[1:])
