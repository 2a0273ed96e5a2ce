"""A task without input, which all records are: the candidate returns a construction, and there is one case."""

from collections.abc import Sequence

from ryumon.task import Case, Split, Task


class Construction(Task):
    """Base of the records. A subclass says in `evaluate` what a construction is worth."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns the one case."""
        return [Case("construction")]
