"""A candidate that gives one answer, for tests of verifiers."""

from typing import Any, cast

from ryumon.score import Result
from ryumon.task import Candidate, Case, Task
from ryumon.testing.inprocess import across


class Answering:
    """Answers every call with a copy of one value, as it arrives from the sandbox."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def call(self, target: str, *args: Any) -> Any:
        """Returns the answer."""
        return across(self._answer)


def judged(task: type[Task], answer: Any) -> Result:
    """Returns what a task gives a program that answers so; raises `InvalidClaim` where it refuses."""
    return task().evaluate(cast(Candidate, Answering(answer)), Case("construction"))
