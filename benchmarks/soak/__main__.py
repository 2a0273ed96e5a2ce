"""Whether ryumon bears faults and lasts: runs under random faults, then one long run on candidates of every kind.

Run: python -m benchmarks.soak [--faults 200] [--evaluations 100000] [--seed 0]     (`make soak`; wants two idle cores)
Fails where a disturbed run differs from an undisturbed one, a stop takes longer than a second, or the long run's
descriptors, processes, memory or temporary files grow. Results: docs/results/running.md.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.soak import evaluations, faults


def main() -> int:
    """Runs what was asked for and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=200, help="how many at least; 0 leaves them out")
    parser.add_argument("--evaluations", type=int, default=100_000, help="0 leaves them out")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    complaints: list[str] = []
    with tempfile.TemporaryDirectory(prefix="ryumon-soak-") as folder:
        if chosen.faults:
            complaints += faults.soak(Path(folder) / "faults", chosen.faults, chosen.seed)
        if chosen.evaluations:
            complaints += evaluations.soak(Path(folder) / "evaluations", chosen.evaluations, chosen.seed)
    print("\n".join(complaints) if complaints else "nothing grew, nothing was lost", flush=True)
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
