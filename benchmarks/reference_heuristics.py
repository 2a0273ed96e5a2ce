"""Known policies for online bin packing, on the test instances of the built-in task for a given test seed.

    python benchmarks/reference_heuristics.py [TEST_SEED]

Last result, seed 0, one core of a busy machine:

    first fit  excess 4.444% ± 0.037% (standard error), 22 ms CPU an instance
    best fit   excess 4.104% ± 0.039% (standard error), 26 ms CPU an instance
    FunSearch  excess 0.755% ± 0.030% (standard error), 70 ms CPU an instance

Seeds 1 and 2 give 4.100 % and 4.144 % for best fit, 0.697 % and 0.709 % for FunSearch.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ryumon.tasks.bin_packing.drivers import pack_online
from ryumon.tasks.bin_packing.task import CAPACITY, BinPacking, bin_loads, lower_bound

Policy = Callable[[int, NDArray[np.int64]], NDArray[np.float64]]


def first_fit(item: int, bins: NDArray[np.int64]) -> NDArray[np.float64]:
    """The oldest bin that the item fits."""
    return np.zeros(len(bins))


def best_fit(item: int, bins: NDArray[np.int64]) -> NDArray[np.float64]:
    """The bin that the item fills most."""
    return (item - bins).astype(np.float64)


def funsearch(item: int, bins: NDArray[np.int64]) -> NDArray[np.float64]:
    """FunSearch's policy for Weibull sizes (Romera-Paredes et al., Nature 625, 2024), from its published formula."""
    score: NDArray[np.float64] = (bins - bins.max()) ** 2 / item + bins**2 / item**2 + bins**2 / item**3
    score[bins > item] *= -1
    score[1:] -= score[:-1]
    return score


def measure(policy: Policy, test_seed: int) -> tuple[NDArray[np.float64], float]:
    """Returns the excess on each test instance and the mean CPU seconds an instance, the driver's own included."""
    excess = []
    start = time.process_time()
    for case in BinPacking().cases("test", test_seed):
        bins = len(bin_loads(pack_online(policy, case.data, CAPACITY), case.data))
        excess.append(bins / lower_bound(case.data) - 1)
    return np.array(excess), (time.process_time() - start) / len(excess)


def main(test_seed: int) -> None:
    """Prints one line for each policy."""
    print(f"{Path(__file__).name}: test seed {test_seed}, 20 instances of 5,000 items")
    for name, policy in {"first fit": first_fit, "best fit": best_fit, "FunSearch": funsearch}.items():
        excess, cpu = measure(policy, test_seed)
        error = excess.std(ddof=1) / np.sqrt(len(excess))
        print(
            f"{name:10} excess {excess.mean():.3%} ± {error:.3%} (standard error), {1000 * cpu:.0f} ms CPU an instance"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
