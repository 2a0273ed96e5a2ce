"""ryumon, OpenEvolve and ShinkaEvolve on one trivial task: iterations a second, CPU, memory, and a few attacks.

Run: python -m benchmarks.peers.compare [--sizes 200,1000,5000] [--wall 600] [--arms ryumon,openevolve,shinka]
     [--only race|attacks] [--cache .peers] [--versions openevolve=0.4.0,shinka-evolve=0.0.7]
Takes at most the wall budget for each arm, and some three minutes more for each arm's attacks. The others come from the
package registry, each into an environment of its own below the cache. One scripted model on loopback serves them, and
shares the machine with them. ryumon has no model-driven improver yet and runs with `mutate`, sandboxed at tier A.
`shinka-documented` is ShinkaEvolve with the evaluator that its documentation shows. Results: docs/results/peers.md.
"""

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers import trivial
from benchmarks.peers.arms import ARMS, Arm, installed
from benchmarks.peers.attacks import ATTACKS
from benchmarks.peers.model_server import served
from benchmarks.peers.race import Tail, mark, run


def raced(arm: Arm, folder: Path, sizes: Sequence[int], wall: float) -> list[str]:
    """Returns the table's rows of one run, as long as the largest size."""
    folder.mkdir(parents=True)
    environment = arm.environment("sk-none")
    with served(trivial.nth) as model:
        command = arm.race(folder, model.base, max(sizes))
        tail = Tail(folder / "output.txt")
        times = tail if arm.name == "ryumon" else lambda: model.times
        outcome = run(command, times=times, folder=folder, environment=environment, limit_s=wall)
        reached = list(times())
    rows = []
    for size in sizes:
        found = mark(size, reached, outcome.samples)
        figures = f"not reached in {outcome.seconds:.0f} s ({len(reached)} done) | | "
        if found is not None:
            figures = f"{found.a_second:.1f} | {found.cpu_ms:.1f} | {found.peak_mb:.0f}"
        rows.append(f"| {arm.name} {arm.version} | {size} | {figures} |")
    return rows


def main() -> None:
    """Runs what was asked for, arm after arm, and prints two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="200,1000,5000")
    parser.add_argument("--wall", type=float, default=600.0)
    parser.add_argument("--arms", default="ryumon,openevolve,shinka")
    parser.add_argument("--only", choices=("race", "attacks"))
    parser.add_argument("--cache", type=Path, default=Path(".peers"))
    parser.add_argument("--versions", default="")
    asked = parser.parse_args()
    names = asked.arms.split(",")
    unknown = sorted(set(names) - set(ARMS))
    if unknown:
        parser.error(f"no arm {unknown[0]!r}; there are {', '.join(ARMS)}")
    versions = dict(pair.split("=") for pair in asked.versions.split(",") if pair)
    arms = [installed(name, asked.cache, versions) for name in names]
    sizes = sorted(map(int, asked.sizes.split(",")))
    place = Path(tempfile.mkdtemp(prefix="peers-"))
    try:
        if asked.only != "attacks":
            print("| | iterations | a second | CPU ms each | peak RSS of the tree, MB |\n|---|---|---|---|---|")
            for arm in arms:
                print("\n".join(raced(arm, place / "race" / arm.name, sizes, asked.wall)), flush=True)
        if asked.only != "race":
            print("\n| | " + " | ".join(ATTACKS) + " |\n|" + "---|" * (1 + len(ATTACKS)))
            for arm in arms:
                told = [attack(arm, place / str(number) / arm.name) for number, attack in enumerate(ATTACKS.values())]
                print(f"| {arm.name} {arm.version} | {' | '.join(told)} |", flush=True)
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
