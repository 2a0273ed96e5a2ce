"""CPU time of a child and everything below it, for children that may start processes. Reads /proc; kills nothing."""

import os

_TICK = os.sysconf("SC_CLK_TCK")


class Descendants:
    """Adds up the CPU time of a process tree over repeated scans, ended processes included.

    A process that lives and ends between two scans, and that nobody waits for, is missed; the wall limit bounds those.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._seen: dict[tuple[int, int], float] = {}
        self.total = 0.0

    def scan(self) -> float:
        """Returns the seconds of CPU time used so far by the tree."""
        processes = dict(filter(None, map(_stat, filter(str.isdigit, os.listdir("/proc")))))
        waited = 0.0
        for pid, (_, born, own, children) in processes.items():
            if self._below(pid, processes):
                self._seen[pid, born] = own
            if pid == self._root:
                waited = own + children
        self.total = max(self.total, waited, sum(self._seen.values()))
        return self.total

    def _below(self, pid: int, processes: dict[int, tuple[int, int, float, float]]) -> bool:
        for _ in range(len(processes)):
            if pid == self._root:
                return True
            if pid not in processes:
                return False
            pid = processes[pid][0]
        return False


def _stat(name: str) -> tuple[int, tuple[int, int, float, float]] | None:
    """Returns (pid, (parent, start, own seconds, waited-for children's seconds)); None when the process is gone."""
    try:
        with open(f"/proc/{name}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    user, system, child_user, child_system = (int(field) / _TICK for field in fields[11:15])
    return int(name), (int(fields[1]), int(fields[19]), user + system, child_user + child_system)
