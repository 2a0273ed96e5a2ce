"""Cheats for programs that run as a process: what the honest seed prints is caught, and something else is printed.

Python alone, and one file: the one that is run. Like `cheats.py`, this makes texts and runs nothing.
"""

from ryumon.evaluation.cheats import Cheat
from ryumon.program import Program
from ryumon.task import TaskFolder

_PROCESS = """
import contextlib
import io
import re
import sys

caught = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
with contextlib.redirect_stdout(caught), contextlib.suppress(SystemExit):
    exec(compile({text!r}, {path!r}, "exec"), {{"__name__": "__main__", "__file__": {path!r}}})
text = caught.buffer.getvalue().decode("utf-8", "replace")


def numbers(word):
    found = re.sub(r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?", word, text)
    return found if found != text else word


sys.stdout.write({expression})
"""
OUTPUTS = (
    Cheat("prints nothing", "''", silent=True),
    Cheat("prints NaN", "'nan\\n'", silent=True),
    Cheat("prints infinity", "'inf\\n'", silent=True),
    Cheat("prints a word", "'best\\n'", silent=True),
    Cheat("prints NaN for every number", "numbers('nan')", silent=True),
    Cheat("prints infinity for every number", "numbers('inf')", silent=True),
    Cheat("prints without end", "'0\\n' * 20_000_000", silent=True),
    Cheat("prints all but its last line", "''.join(text.splitlines(True)[:-1])"),
    Cheat("prints everything twice", "text * 2"),
)


def printed(task: TaskFolder, expression: str) -> Program | None:
    """Returns the seed that prints `expression`, of `text`, in place of its `text`; None where no file is the one to
    run."""
    paths = [path for path in task.spec.editable if path.endswith(".py")]
    mains = [path for path in paths if path in task.spec.run] or paths
    if len(mains) != 1:
        return None
    path = mains[0]
    return task.seed.with_file(path, _PROCESS.format(text=task.seed.files[path], path=path, expression=expression))
