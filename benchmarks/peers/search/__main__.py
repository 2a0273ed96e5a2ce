"""Search compared at equal proposals, or evaluations: four systems ask one stateless proposer.

Run: python -m benchmarks.peers.search [--tasks bandits,knapsack,cache-replacement,bin-packing-1] [--seeds 0-4]
     [--proposals 500] [--equal proposals] [--arms ryumon,best-of-n,openevolve,shinka,mutate]
     [--results .peers/search.jsonl] [--table] [--cache .peers] [--versions openevolve=0.4.0,shinka-evolve=0.0.7]
A task may name its own number of proposals. All arms have the same cases, judge and limits; a proposal counts whatever
became of it. With `--equal evaluations` ryumon's arms go on until so many programs were evaluated, as in every run of
ryumon's: without duplicates and echoes, which a peer evaluates, so that its runs are the same. The champion is the
best on train, and is judged once on test cases that are the same for all. Finished searches are kept in the results
file, so the same command goes on where it was; --table only prints what is there. `mutate`, an extra row, is ryumon as
shipped, with its own editor. Last result: see docs/results/peers.md.
"""

import argparse
import asyncio
import signal
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from benchmarks.peers.arms import Arm, installed
from benchmarks.peers.search import peer_arms, ryumon_arms
from benchmarks.peers.search.judge import Judge
from benchmarks.peers.search.outcomes import Equal, Outcome, Results
from benchmarks.peers.search.table import tables
from benchmarks.peers.search.tasks import taken

from ryumon import supervisor
from ryumon.sandbox import Tier

TEST_SEED = 3_000_000
ARMS = ("ryumon", "best-of-n", "openevolve", "shinka", "mutate")
TASKS = "bandits,knapsack,cache-replacement,bin-packing-1"


async def search(task: str, arm: Arm, seed: int, proposals: int, equal: Equal, tier: Tier, place: Path) -> Outcome:
    """Returns what one search came to, which writes into the folder `place`."""
    (path,) = (folder := taken(task, place)).spec.editable
    judge = Judge(folder, seed, tier)
    began = time.monotonic()
    try:
        if arm.name in peer_arms.ARMS:
            best = await peer_arms.searched(arm, judge, seed, proposals, place)
        else:
            best = await ryumon_arms.searched(folder, arm.name, seed, proposals, place, tier, equal)
        seconds = time.monotonic() - began
        seed_train = await judge.score(folder.seed)
        seed_test = await judge.score(folder.seed, "test", TEST_SEED)
        assert seed_train is not None
        assert seed_test is not None
        return Outcome(
            task=task,
            arm=arm.name,
            seed=seed,
            proposals=proposals,
            version=arm.version,
            evaluated=best.evaluated,
            scored=best.scored,
            seed_train=seed_train,
            seed_test=seed_test,
            train=best.score,
            test=await judge.score(best.program, "test", TEST_SEED),
            champion=best.program.files[path],
            seconds=round(seconds, 1),
            equal=equal,
            cpu_s=round(best.cpu_s, 3),
        )
    finally:
        judge.close()


def read_tasks(text: str, proposals: int) -> dict[str, int]:
    """Returns how many proposals each task of a list gets."""
    pairs = [word.partition("=") for word in text.split(",")]
    return {name: int(own) if own else proposals for name, _, own in pairs}


def read_seeds(text: str) -> list[int]:
    """Returns the seeds of `0-4`, or of `0,3`."""
    first, dash, last = text.partition("-")
    return list(range(int(first), int(last) + 1)) if dash else list(map(int, text.split(",")))


def counted(arm: str, equal: Equal) -> Equal:
    """Returns what an arm's searches are kept as: a peer's proposals are its evaluations."""
    return equal if arm in ryumon_arms.ARMS else "proposals"


def searched(asked: argparse.Namespace, results: Results, versions: Mapping[str, str]) -> None:
    """Runs the searches that are not in the results, seed after seed, so that arms are interrupted at the same one."""
    tier = supervisor.admitted_tier()
    own = ryumon_arms.ARMS
    arms = [
        Arm(name, (ryumon := installed("ryumon", asked.cache, {})).python, ryumon.version)
        if name in own
        else installed(name, asked.cache, versions)
        for name in asked.arms.split(",")
    ]
    for seed in read_seeds(asked.seeds):
        for task, proposals in read_tasks(asked.tasks, asked.proposals).items():
            for arm in arms:
                equal = counted(arm.name, asked.equal)
                if (task, arm.name, seed, proposals, equal) not in results.outcomes:
                    with tempfile.TemporaryDirectory(prefix="search-") as place:
                        outcome = asyncio.run(search(task, arm, seed, proposals, equal, tier, Path(place)))
                    results.add(outcome)
                    print(said(outcome), flush=True)


def said(outcome: Outcome) -> str:
    """Returns a line on an outcome."""
    counts = f"{outcome.evaluated} evaluated, {outcome.scored} scored"
    scores = f"train {outcome.seed_train:.5g} to {outcome.train:.5g}, test {outcome.seed_test:.5g} to {outcome.test}"
    return f"{outcome.task} {outcome.arm} {outcome.seed}: {counts}, {scores}, {outcome.seconds} s"


def main() -> None:
    """Runs what is missing, then prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default=TASKS)
    parser.add_argument("--seeds", default="0-4")
    parser.add_argument("--proposals", type=int, default=500)
    parser.add_argument("--equal", choices=get_args(Equal), default="proposals")
    parser.add_argument("--arms", default=",".join(ARMS))
    parser.add_argument("--results", type=Path, default=Path(".peers/search.jsonl"))
    parser.add_argument("--cache", type=Path, default=Path(".peers"))
    parser.add_argument("--versions", default="openevolve=0.4.0,shinka-evolve=0.0.7")
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    unknown = sorted(set(asked.arms.split(",")) - set(ARMS))
    if unknown:
        parser.error(f"no arm {unknown[0]!r}; there are {', '.join(ARMS)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a peer is ended with the comparison either way
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    results = Results(asked.results)
    if not asked.table:
        searched(asked, results, dict(pair.split("=") for pair in asked.versions.split(",") if pair))
    wanted = read_tasks(asked.tasks, asked.proposals)
    found = [
        outcome
        for outcome in results.outcomes.values()
        if wanted.get(outcome.task) == outcome.proposals and outcome.equal == counted(outcome.arm, asked.equal)
    ]
    print("\n" + tables(found))


if __name__ == "__main__":
    main()
