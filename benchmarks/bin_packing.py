"""`mutate` against its controls on bin packing, with FunSearch's published heuristic on the same test instances.

Run: python benchmarks/bin_packing.py [--seeds 0,1,2,3,4] [--budget 3000ev] [--arms mutate,random,best-of-n] [--store F]
Each run has a name, so an interrupted benchmark goes on where it was. A champion that fails on a test case counts as
infinitely bad. Last result: see docs/results/search.md.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys

from ryumon.store import open_store

TEST_SEED = 1_000_000


def ryumon(*arguments: str) -> dict[str, object]:
    """Returns what a command prints as JSON; its progress goes to stderr."""
    command = [sys.executable, "-m", "ryumon.cli", *arguments, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def finished(arm: str, seed: int, budget: str, place: str) -> dict[str, object]:
    """Returns the summary of one run, which is started, taken up, or read where it is finished."""
    name = f"{arm}-{budget}-{seed}"
    if name in open_store(place).runs():
        return ryumon("resume", name, "--store", place)
    return ryumon(
        *("run", "bin-packing", "--improver", arm, "--budget", budget, "--seed", str(seed)),
        *("--test-seed", str(TEST_SEED + seed), "--name", name, "--store", place),
    )


def main() -> None:
    """Runs every arm at every seed and prints a row for each, then medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--budget", default="3000ev")
    parser.add_argument("--arms", default="mutate,random,best-of-n")
    parser.add_argument("--store", default=".ryumon-bench")
    asked = parser.parse_args()
    tests: dict[str, list[float]] = {}
    print("arm seed evaluations failed wall_s cpu_s seed_test% champion_train% validation% test% ci95 verdict")
    for seed in map(int, asked.seeds.split(",")):
        for arm in asked.arms.split(","):
            run = finished(arm, seed, asked.budget, asked.store)
            champion, baseline = run["champion"], run["baseline"]
            assert isinstance(champion, dict)
            assert isinstance(baseline, dict)
            values = [baseline["test"], *(champion[split] for split in ("train", "validation", "test"))]
            shares = [math.inf if value is None else 100 * value for value in values]
            tests.setdefault(arm, []).append(shares[-1])
            row = [arm, seed, run["evaluations"], run["failed"], run["wall_s"], run["cpu_s"]]
            print(*row, *(f"{share:.3f}" for share in shares), champion["ci95"], run["verdict"], flush=True)
    for arm, found in tests.items():
        print(f"{arm}: median test excess {statistics.median(found):.3f} % over {len(found)} seeds")


if __name__ == "__main__":
    main()
