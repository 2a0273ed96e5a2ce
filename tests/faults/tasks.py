"""A small task whose candidates take long enough to be found and killed."""

from pathlib import Path

from tests.conftest import TASK, write_task

_PAUSING = TASK.replace("errors = [", "program.call('pause.py:pause')\n        errors = [", 1)
_PAUSE = "import time\n\n\ndef pause():\n    time.sleep(0.01)\n"


def write_pausing_task(folder: Path) -> Path:
    """Writes the task to a folder, and returns that."""
    write_task(folder, task=_PAUSING)
    (folder / "seed" / "pause.py").write_text(_PAUSE)
    return folder
