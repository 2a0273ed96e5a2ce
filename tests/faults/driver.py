"""`ryumon` with a harness beside it: after each event the supervisor says how far it is and waits to hear what to do.

Run by the harness as `python -m tests.faults.driver FD ARGUMENT…`. The wall clock, which only stamps events, can be
stepped, and a disk be made full. Nothing else differs from the command itself.
"""

import socket
import sys
import time

_real_clock = time.time
_offset = [0.0]
time.time = lambda: _real_clock() + _offset[0]  # before the store is imported, which takes it as its default

import sqlalchemy as sa  # noqa: E402

from ryumon.archive.history import History  # noqa: E402
from ryumon.cli import main  # noqa: E402
from ryumon.cli.live import Display  # noqa: E402


def _fill(connection: sa.Connection) -> None:
    connection.exec_driver_sql("PRAGMA max_page_count=1")  # as much as the file has already, in fact


class Reporter:
    """Tells the harness of each event, and does what it answers."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._replies = control.makefile("r")
        self._events = 0

    def report(self, history: History) -> None:
        """Says how many events there are and whether the run has ended; returns once the harness lets it."""
        if history.events == self._events:
            return
        self._events = history.events
        self._control.sendall(f"{history.events} {int(history.finished is not None)}\n".encode())
        order, _, value = self._replies.readline().strip().partition(" ")
        if order == "step":
            _offset[0] += float(value)
        elif order == "full":
            sa.event.listen(sa.Engine, "begin", _fill)


def run(arguments: list[str]) -> None:
    """Runs one command of `ryumon`, reporting to the socket that the first argument numbers."""
    reporter = Reporter(socket.socket(fileno=int(arguments[0])))
    shown = Display.update

    def update(self: Display, history: History) -> None:
        shown(self, history)
        reporter.report(history)

    Display.update = update  # type: ignore[method-assign]
    main(arguments[1:])


if __name__ == "__main__":
    run(sys.argv[1:])
