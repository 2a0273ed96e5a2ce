"""ryumon's arms, run by ryumon's own loop for so many asks, whatever became of each.

The asks counted are duplicates, echoes and failures too. `ryumon` and `best-of-n` ask the stateless proposer in this
process; `mutate` is the improver as shipped, in a process of its own.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers.search.judge import Best
from benchmarks.peers.search.stateless import BestOfN, Selection

from ryumon import __version__
from ryumon.archive.history import History
from ryumon.archive.journal import Journal, stored_evaluations
from ryumon.engines.local import LocalEngine
from ryumon.evaluation.evaluator import Evaluator
from ryumon.improvers.base import Brief
from ryumon.improvers.client import ImproverClient
from ryumon.improvers.host import Forms, Host
from ryumon.improvers.messages import Open, Proposed
from ryumon.program import Program
from ryumon.run import Run
from ryumon.sandbox import Tier
from ryumon.score import Evaluation, Outline
from ryumon.store import SqlStore, open_store
from ryumon.store.records import Started
from ryumon.supervisor import task_digest
from ryumon.task import TaskFolder, derived_seed

ARMS = ("ryumon", "best-of-n", "mutate")
NAME = "search"
LOOKAHEAD = 8
ENOUGH = "1000000000ev"  # the asks end a run, not its evaluations


class InProcess(ImproverClient):
    """An improver that the benchmark hosts itself, since it is not registered; it holds no state to take up."""

    def __init__(self, opening: Open, make: Callable[..., Any]) -> None:
        super().__init__(opening, "C")
        self._forms = Forms(opening.brief.language)
        self.seed_form = self._forms.form(opening.brief.seed)
        self._forms.add(self.seed_form)
        self._made = make(opening.brief, self._forms, opening.seed)
        self._host = Host(self._made, self._forms, opening.brief, opening.seed)

    async def know(self, forms: tuple[bytes, ...]) -> None:
        """Takes the forms of earlier proposals."""
        for form in forms:
            self._forms.add(form)

    async def tell(self, evaluation: Evaluation) -> None:
        """Tells what became of the next proposal."""
        self._made.tell(evaluation)

    async def ask(self, index: int) -> Proposed:
        """Returns the proposal of a number, marked where it is a duplicate; that is looked at after it was made."""
        return self._host.ask(index)

    async def export(self) -> bytes | None:
        """Exports nothing."""
        return None

    async def restore(
        self, state: bytes, past: Iterator[tuple[Outline, ...]], program: Callable[[str], Program]
    ) -> bool:
        """Takes up nothing."""
        return False


async def searched(task: TaskFolder, arm: str, seed: int, proposals: int, folder: Path, tier: Tier) -> Best:
    """Returns the best on train of the first `proposals` asks of one run, whose store is made in `folder`."""
    store = open_store(str(folder / "store"))
    brief = Brief(
        task=task.spec.name,
        direction=task.spec.direction,
        text=task.brief,
        language=task.spec.language,
        editable=task.spec.editable,
        vocabulary=task.spec.vocabulary,
        seed=task.seed,
    )
    opening = Open(arm, {}, brief, derived_seed(seed, "improver"))
    engine = LocalEngine(task, tier, 1)
    with store.writer(NAME, new=True) as writer:
        started = _started(task, arm, seed, tier, writer.program(task.seed))
        improver = await _improver(opening, tier, task)
        try:
            measured, outcomes = await Evaluator(engine, task, seed).seed()

            def notify(history: History) -> None:
                if history.committed >= proposals:
                    run.stop("proposals")

            journal = Journal(store, writer, History(NAME), notify)
            run = Run(journal=journal, started=started, task=task, engine=engine, improver=improver)
            run.begin(measured, outcomes)
            await run.go()
        finally:
            improver.close()
            engine.close()
    return _best(store, task, proposals)


async def _improver(opening: Open, tier: Tier, task: TaskFolder) -> ImproverClient:
    if opening.improver == "mutate":
        return await ImproverClient.start(opening, tier, [task.path])
    return InProcess(opening, Selection if opening.improver == "ryumon" else BestOfN)


def _best(store: SqlStore, task: TaskFolder, proposals: int) -> Best:
    """Returns the best on train among the asks that count."""
    seed, *records = [record for record in stored_evaluations(store, NAME) if record.index < proposals]
    assert seed.score is not None
    best = Best(task.spec.direction, task.seed, seed.score)
    for record in records:
        if record.status in ("duplicate", "no_program"):
            continue
        files = record.files or {}
        program = Program({path: store.text(id) for path, id in files.items()})
        best.tell(program, record.score if record.status == "ok" else None)
    return best


def _started(task: TaskFolder, arm: str, seed: int, tier: Tier, files: dict[str, str]) -> Started:
    return Started(
        version=__version__,
        task=task.spec.name,
        folder=str(task.path),
        task_digest=task_digest(task),
        direction=task.spec.direction,
        unit=task.spec.unit,
        exact=False,
        improver=arm,
        options={},
        seed=seed,
        lookahead=LOOKAHEAD,
        budget=ENOUGH,
        tier=tier,
        test_seed=None,
        files=files,
    )
