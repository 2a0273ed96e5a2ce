"""ryumon's arms, run by ryumon's own loop for so many asks, or so many evaluations.

The asks counted are duplicates, echoes and failures too; evaluations are as in every run, without duplicates and
echoes. `ryumon` and `best-of-n` ask the stateless proposer in this process; `mutate` is the improver as shipped, in a
process of its own.
"""

from pathlib import Path

from benchmarks.inside import InsideImprover
from benchmarks.peers.search.judge import Best
from benchmarks.peers.search.outcomes import Equal
from benchmarks.peers.search.stateless import BestOfN, Selection

from ryumon import supervisor
from ryumon.archive.history import History
from ryumon.archive.journal import Journal, stored_evaluations
from ryumon.engines.local import LocalEngine
from ryumon.evaluation.evaluator import Evaluator
from ryumon.improvers.client import ImproverClient
from ryumon.improvers.messages import Open
from ryumon.program import Program
from ryumon.run import Run
from ryumon.sandbox import Tier
from ryumon.score import UNCOUNTED, UNEVALUATED
from ryumon.store import SqlStore, open_store
from ryumon.task import TaskFolder

ARMS = ("ryumon", "best-of-n", "mutate")
NAME = "search"
ENOUGH = "1000000000ev"  # a run is stopped from outside, since at its budget's end it would read validation and test
MOST_ASKS = 40  # for each evaluation


async def searched(
    task: TaskFolder, arm: str, seed: int, proposals: int, folder: Path, tier: Tier, equal: Equal = "proposals"
) -> Best:
    """Returns the best on train of one run, whose store is made in `folder`: of its first `proposals` asks, or of as
    many evaluations where `equal` says so, in at most `MOST_ASKS` times as many asks."""
    store = open_store(str(folder / "store"))
    opening = supervisor.opening(task, arm, {}, seed)
    engine = LocalEngine(task, tier, 1)
    with store.writer(NAME, new=True) as writer:
        settings = supervisor.Settings(improver=arm, seed=seed)
        started = supervisor.described(task, settings, ENOUGH, tier, writer.program(task.seed))
        improver = await _improver(opening, tier, task)
        try:
            measured, outcomes = await Evaluator(engine, task, seed).seed()

            def notify(history: History) -> None:
                made = history.committed if equal == "proposals" else history.evaluations
                if made >= proposals or history.committed >= MOST_ASKS * proposals:
                    run.stop(equal)

            journal = Journal(store, writer, History(NAME), notify)
            run = Run(journal=journal, started=started, task=task, engine=engine, improver=improver)
            run.begin(measured, outcomes)
            await run.go()
        finally:
            improver.close()
            engine.close()
    return _best(store, task, proposals, equal)


async def _improver(opening: Open, tier: Tier, task: TaskFolder) -> ImproverClient:
    if opening.improver == "mutate":
        return await ImproverClient.start(opening, tier, [task.path])
    return InsideImprover(opening, Selection if opening.improver == "ryumon" else BestOfN)


def _best(store: SqlStore, task: TaskFolder, most: int, equal: Equal) -> Best:
    """Returns the best on train among the asks that count."""
    seed, *records = stored_evaluations(store, NAME)
    assert seed.score is not None
    best = Best(task.spec.direction, task.seed, seed.score)
    counted = 0
    for record in records:
        if counted == most:
            break
        counted += equal == "proposals" or record.status not in UNCOUNTED
        if record.status in UNEVALUATED:
            continue
        files = record.files or {}
        program = Program({path: store.text(id) for path, id in files.items()})
        best.tell(program, record.score if record.status == "ok" else None, record.cost.cpu_s)
    return best
