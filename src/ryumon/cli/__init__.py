"""The command line. Each command's own imports happen when it runs, so that `ryumon --help` stays light.

Every error is one line on stderr and exit code 2.
"""

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from cyclopts import App, CycloptsError

from ryumon import __version__
from ryumon.cli import compare, inspect, machine, running, serving, tasks
from ryumon.errors import RyumonError
from ryumon.printable import printable

app = App(
    name="ryumon",
    help="Evolves programs against a measure, and says with honest statistics whether they got better.",
    version=__version__,
    help_format="plaintext",
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
GROUPS: dict[str, tuple[Callable[..., int], ...]] = {
    "Run": (running.run, running.resume, running.stop),
    "Look": (inspect.runs, inspect.show, inspect.diff, inspect.export, inspect.report, inspect.audit),
    "Compare": (compare.compare, compare.bench),
    "Tasks": (tasks.tasks, tasks.new, tasks.check),
    "This machine": (machine.sandbox, machine.doctor, serving.serve_model),
}
SCARCE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EROFS})
for group, commands in GROUPS.items():
    for command in commands:
        app.command(command, group=group)


def main(arguments: list[str] | None = None) -> None:
    """Runs one command and exits: 0, what the command returns, or 2 with one line where something was wrong."""
    try:
        sys.exit(app(arguments, print_error=False, exit_on_error=False))
    except CycloptsError as error:
        complaint = str(error)
    except RyumonError as error:
        complaint = str(error)
    except KeyboardInterrupt:
        complaint = "interrupted; nothing was started, or `ryumon resume` takes it up"
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        if error.errno not in SCARCE:
            raise
        complaint = f"{error}: free what is short; a run that had begun goes on with `ryumon resume`"
        _leave_unprinted()
    print(f"ryumon: {' '.join(printable(complaint).split())}", file=sys.stderr)
    sys.exit(2)


def _leave_unprinted() -> None:
    """Drops what standard output still holds: where there was no room for it, there is none at the end either."""
    with suppress(OSError, ValueError), open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())
