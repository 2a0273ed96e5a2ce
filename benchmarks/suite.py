"""The suite's families: what references score, what improvers gain, and whether planted cheats pass.

    python -m benchmarks.suite --references [--seeds 0,1,2,3]       seed and reference of each family, with intervals
    python -m benchmarks.suite --check                              `ryumon check` on each family
    python -m benchmarks.suite --arms mutate,random,best-of-n [--budget 500ev] [--seeds 0,1,2] [--store F] [--jobs 2]

With `--inside` runs have all their roles in one process, unconfined (`benchmarks/inside.py`): the same archives and
figures for half of the CPU time or less. What is finished is kept in the store's folder, one line a run.

Each takes `--families a,b` and `--groups train,validation`; by default all, the sealed ones too. Arms are written as
for `ryumon bench`, options behind colons: `mutate,mutate:bandit=false` is an ablation. Runs have names, so interrupted
arms go on where they were. A gain is 0 for the seed and 1 for the reference; a champion that fails on a test case gains
nothing. Last result: see docs/results/search.md.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from benchmarks.references.figures import FIGURE_SEEDS, reference_of, scores, seed_of, task_of

from ryumon.comparison.bench import arm_of, run_name
from ryumon.score import mean_interval
from ryumon.store import open_store
from ryumon.tasks.suite import Family, every_family

TEST_SEED = 2_000_000
SOLVED, UNMOVED = 0.9, 0.05


def ryumon(*arguments: str) -> dict[str, object]:
    """Returns what a command prints as JSON; its progress is dropped, its errors are not."""
    command = [sys.executable, "-m", "ryumon.cli", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not done.stdout.strip():
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def finished_inside(family: Family, arm: str, seed: int, budget: str, store: str) -> dict[str, object]:
    """Returns the summary of one run inside one process, which is run or read."""
    kept, name = Path(store) / f"{family.name}.jsonl", run_name(budget, arm, seed)
    for line in kept.read_text().splitlines() if kept.exists() else ():
        found: dict[str, object] = json.loads(line)
        if found["run"] == name:
            return found
    command = [sys.executable, "-m", "benchmarks.inside", family.name, "--arm", arm, "--name", name]
    command += ["--budget", budget, "--seed", str(seed), "--test-seed", str(TEST_SEED + seed)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.open("a") as file:
        file.write(done.stdout)
    made: dict[str, object] = json.loads(done.stdout)
    return made


def finished(family: Family, arm: str, seed: int, budget: str, store: str) -> dict[str, object]:
    """Returns the summary of one run, which is started, taken up, or read where it is finished."""
    place, name = str(Path(store) / family.name), run_name(budget, arm, seed)
    improver, options = arm_of(arm)
    if Path(place).exists() and name in open_store(place).runs():
        return ryumon("resume", name, "--store", place)
    return ryumon(
        *("run", family.name, "--improver", improver, *(f"--set={key}={value}" for key, value in options.items())),
        *("--budget", budget, "--seed", str(seed), "--workers", "1"),
        *("--test-seed", str(TEST_SEED + seed), "--name", name, "--store", place),
    )


def gain(family: Family, run: dict[str, object]) -> float:
    """Returns the normalised gain on test of a run's champion."""
    champion, baseline = run["champion"], run["baseline"]
    assert isinstance(champion, dict)
    assert isinstance(baseline, dict)
    return 0.0 if champion["test"] is None else family.gain(baseline["test"], champion["test"])


def spread(values: Sequence[float]) -> str:
    """Returns the median and the least and the largest."""
    return f"{statistics.median(values):6.2f} ({min(values):.2f} to {max(values):.2f})"


def references(chosen: Iterable[Family], seeds: Sequence[int]) -> None:
    """Prints what seed and reference score, each a mean over the test cases of all seeds with its standard error; how
    far a gain is off by chance, which is the deviation of the reference's own from seed to seed; and the CPU time of
    all train cases with the seed program, in this process."""
    print(f"{'family':20} {'seed':>9} {'±':>7} {'reference':>9} {'±':>7} {'gain ±':>7} {'ms':>4}  stored")
    for family in chosen:
        both = np.array([[scores(family, p, s).mean() for p in (seed_of(family), reference_of(family))] for s in seeds])
        error = both.std(axis=0, ddof=1) / np.sqrt(len(seeds))
        off = np.std((both[:, 1] - both[:, 0]) / (both[:, 1] - both[:, 0]).mean(), ddof=1)
        (a, b), (e, f) = both.mean(axis=0), error
        stored = f"{family.seed:.4f}, {family.reference:.4f}"
        cost = 1000 * train_cpu_s(family)
        print(f"{family.name:20} {a:9.4f} {e:7.4f} {b:9.4f} {f:7.4f} {off:7.3f} {cost:4.1f}  {stored}")


def train_cpu_s(family: Family) -> float:
    """Returns the least CPU time of ten evaluations of the seed program on all train cases."""
    task, program, times = task_of(family), seed_of(family), []
    cases = task.cases("train", 0)
    for _ in range(10):
        start = time.process_time()
        for case in cases:
            task.evaluate(program, case)
        times.append(time.process_time() - start)
    return min(times)


def check(chosen: Iterable[Family]) -> int:
    """Prints for each family whether `ryumon check` passes, and what does not; returns the exit code."""
    code = 0
    for family in chosen:
        report = ryumon("check", family.name)
        findings = report["findings"]
        assert isinstance(findings, list)
        wrong = [finding for finding in findings if not finding["passed"]]
        code |= bool(wrong)
        print(f"{family.name:22} {len(findings)} looked at, {len(wrong)} wrong", *wrong, sep="\n    " if wrong else " ")
    return code


def compared(family: Family, asked: argparse.Namespace) -> tuple[str, dict[str, list[float]]]:
    """Returns a family's row, what it says of the family, and the gains of each arm by seed."""
    arms, seeds = asked.arms.split(","), list(map(int, (asked.seeds or "0,1,2").split(",")))
    gains: dict[str, list[float]] = {arm: [] for arm in arms}
    cpu, failed = [], []
    for seed in seeds:
        for arm in arms:
            make = finished_inside if asked.inside else finished
            run = make(family, arm, seed, asked.budget, asked.store)
            gains[arm].append(gain(family, run))
            cpu.append(float(str(run["cpu_s"])) / max(1, int(str(run["evaluations"]))))
            failed.append(int(str(run["failed"])))
    medians = {arm: statistics.median(found) for arm, found in gains.items()}
    flags = ["SOLVED by best-of-n"] if medians.get("best-of-n", 0) >= SOLVED else []
    flags += ["UNMOVED"] if max(medians.values()) < UNMOVED else []
    row = "  ".join(f"{arm} {spread(found)}" for arm, found in gains.items())
    cost = f"{1000 * statistics.median(cpu):.1f} CPU-ms an evaluation, {statistics.median(failed):g} failed"
    return f"{family.name:22} {family.group:10} {row}  {cost} {'; '.join(flags)}", gains


def overall(families: Sequence[dict[str, list[float]]]) -> Iterator[str]:
    """Yields the mean and median gain of each arm over all families, and how far the first is ahead of each other one.

    Gains are paired by family and seed. The interval is that of the mean over seeds of the mean over families, since
    families are fixed and seeds are drawn; it is for these families alone.
    """
    first, *others = families[0]
    tables = {arm: np.array([gains[arm] for gains in families]) for arm in families[0]}
    for arm, table in tables.items():
        yield f"{arm:32} mean gain {table.mean():.3f}, median {np.median(table):.3f}"
    for arm in others:
        ahead = (tables[first] - tables[arm]).mean(axis=0)
        interval = mean_interval(ahead)
        said = f" (95 %: {interval[0]:+.3f} to {interval[1]:+.3f})" if interval is not None else ""
        better = np.mean(np.sign(tables[first] - tables[arm]) / 2 + 0.5)
        yield f"{first} - {arm:22} {ahead.mean():+.3f}{said}, better in {better:.0%} of runs, equals counting half"


def main() -> int:
    """Runs what is asked for and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--references", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--arms", default="")
    parser.add_argument("--families", default="")
    parser.add_argument("--groups", default="")
    parser.add_argument("--seeds", default="", help="0,1,2,3 for references, 0,1,2 for arms")
    parser.add_argument("--budget", default="500ev")
    parser.add_argument("--store", default=".ryumon-suite")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--inside", action="store_true")
    asked = parser.parse_args()
    wanted, groups = (set(filter(None, text.split(","))) for text in (asked.families, asked.groups))
    chosen = [f for f in every_family() if f.name in (wanted or {f.name}) and f.group in (groups or {f.group})]
    if asked.references:
        references(chosen, list(map(int, asked.seeds.split(","))) if asked.seeds else FIGURE_SEEDS)
    if asked.arms:
        with ThreadPoolExecutor(asked.jobs) as pool:
            gains = []
            for row, found in pool.map(lambda family: compared(family, asked), chosen):
                print(row, flush=True)
                gains.append(found)
        print(*overall(gains), sep="\n")
    return check(chosen) if asked.check else 0


if __name__ == "__main__":
    sys.exit(main())
