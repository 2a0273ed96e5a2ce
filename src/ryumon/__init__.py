"""ryumon evolves programs against a measure, and says with honest statistics whether they got better.

What a task is written with is here: `Task`, `Case`, `Result`, `Candidate`; and `improve`, a run in one line. Everything
is loaded when it is first used, so that importing the package stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ryumon.budget import Budget
    from ryumon.errors import RyumonError
    from ryumon.notebook import improve
    from ryumon.program import Program
    from ryumon.score import Result
    from ryumon.task import Candidate, Case, Task

__version__ = "0.1.0"
__all__ = ["Budget", "Candidate", "Case", "Program", "Result", "RyumonError", "Task", "__version__", "improve"]

_HOMES = {
    "Budget": "budget",
    "Candidate": "task",
    "Case": "task",
    "Program": "program",
    "Result": "score",
    "RyumonError": "errors",
    "Task": "task",
    "improve": "notebook",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"ryumon.{_HOMES[name]}"), name)
