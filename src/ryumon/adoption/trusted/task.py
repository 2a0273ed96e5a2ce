"""A task adopted from another system, as it was there: its evaluator and the candidate are one process.

So both run in the sandbox, and what comes back is a claim that the candidate could have written itself. `task.toml`
says `unseparated`, which keeps a verdict at `no evidence`. To split it, so that a verdict counts:

1. Let `cases` give the inputs that the evaluator makes for itself.
2. Let `evaluate` call the candidate's own function, `program.call("FILE.py:FUNCTION", *inputs)`, check the claim with
   `ryumon.evaluation.claims`, and compute the score here, by the evaluator's own code.
3. Delete from seed/ what only the evaluator needs, and from task.toml the line `unseparated`, and then `splits` where
   there are fresh cases for each split. `ryumon check` says whether it can still be fooled.
"""

from collections.abc import Sequence

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import Candidate, Case, Split, Task


class Adopted(Task):
    """One case: the whole of the adopted evaluator."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns the one case; the inputs are the evaluator's own."""
        return [Case("whole")]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns what the evaluator says beside the candidate; refuses what it calls a failure."""
        said = program.call("ryumon_inside.py:measure", self.spec.editable[0])
        if not isinstance(said, dict) or not isinstance(said.get("metrics"), dict):
            raise claims.InvalidClaim(f"the evaluator must say a score and metrics, not {claims.describe(said)}")
        if said.get("failure"):
            raise claims.InvalidClaim(str(said["failure"])[:1000])
        metrics = {
            str(name): claims.number(value, what=f"the metric {name!s}") for name, value in said["metrics"].items()
        }
        return Result(claims.number(said.get("score"), what="the score"), metrics, str(said.get("feedback", "")))
