"""Known heuristics on the test cases of the built-in tasks bin-packing and job-shop, for a given test seed.

    python benchmarks/reference_heuristics.py [TEST_SEED]

It calls drivers and checks directly, with no sandbox. Last result, seed 0, one core of a busy machine (score, standard
error over the cases, CPU time a case):

    first fit                   4.444% ± 0.037%    27 ms
    best fit                    4.104% ± 0.039%    23 ms
    FunSearch                   0.755% ± 0.030%    71 ms
    first in, first out        43.378% ± 2.297%     5 ms  published: 24.7% over the optimum
    shortest processing time   39.390% ± 2.401%     4 ms  published: 23.2% over the optimum
    most operations remaining  34.308% ± 2.135%     3 ms  published: 20.2% over the optimum
    most work remaining        34.222% ± 1.917%     3 ms  published: 18.1% over the optimum

Seeds 1 and 2 give 4.100 % and 4.144 % for best fit, 0.697 % and 0.709 % for FunSearch.
"""

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ryumon.tasks.bin_packing import drivers as packing_drivers
from ryumon.tasks.bin_packing.task import CAPACITY, BinPacking, bin_loads
from ryumon.tasks.bin_packing.task import lower_bound as fewest_bins
from ryumon.tasks.job_shop import drivers as shop_drivers
from ryumon.tasks.job_shop.published import OPTIMA
from ryumon.tasks.job_shop.task import JobShop, makespan
from ryumon.tasks.job_shop.task import lower_bound as shortest_span

Floats = NDArray[np.float64]
Rule = Callable[..., Any]

# Above any other feature of these instances, so that whatever can start now goes first.
NEVER_WAIT = 1e5


def funsearch(item: int, bins: NDArray[np.int64]) -> Floats:
    """FunSearch's policy for Weibull sizes (Romera-Paredes et al., Nature 625, 2024), from its published formula."""
    score: Floats = (bins - bins.max()) ** 2 / item + bins**2 / item**2 + bins**2 / item**3
    score[bins > item] *= -1
    score[1:] -= score[:-1]
    return score


POLICIES: dict[str, Rule] = {
    "first fit": lambda item, bins: np.zeros(len(bins)),
    "best fit": lambda item, bins: item - bins,
    "FunSearch": funsearch,
}

# Arguments: duration, delay, waited, work_left, ops_left, then two that these do not use.
RULES: dict[str, Rule] = {
    "first in, first out": lambda duration, delay, waited, work, ops, *_: waited - delay,
    "shortest processing time": lambda duration, delay, waited, work, ops, *_: -duration - NEVER_WAIT * delay,
    "most operations remaining": lambda duration, delay, waited, work, ops, *_: ops - NEVER_WAIT * delay,
    "most work remaining": lambda duration, delay, waited, work, ops, *_: work - NEVER_WAIT * delay,
}


def pack(policy: Rule, test_seed: int) -> dict[str, float]:
    """Returns a policy's excess on each test case of bin-packing."""
    scores = {}
    for case in BinPacking().cases("test", test_seed):
        loads = bin_loads(packing_drivers.pack_online(policy, case.data, CAPACITY), case.data)
        scores[case.id] = len(loads) / fewest_bins(case.data) - 1
    return scores


def schedule(rule: Rule, test_seed: int) -> dict[str, float]:
    """Returns a rule's excess on each test case of job-shop, and for each published instance that over the optimum."""
    scores = {}
    for case in JobShop().cases("test", test_seed):
        span = makespan(shop_drivers.dispatch(rule, *case.data), case.data)
        scores[case.id] = span / shortest_span(case.data) - 1
        if case.id in OPTIMA:
            scores[f"{case.id} over optimum"] = span / OPTIMA[case.id] - 1
    return scores


def show(rules: Mapping[str, Rule], run: Callable[[Rule, int], dict[str, float]], test_seed: int) -> None:
    """Prints one line for each rule."""
    for name, rule in rules.items():
        start = time.process_time()
        found = run(rule, test_seed)
        optima = [score for case, score in found.items() if case.endswith("over optimum")]
        scores = [score for case, score in found.items() if not case.endswith("over optimum")]
        cpu = (time.process_time() - start) / len(scores)
        error = np.std(scores, ddof=1) / np.sqrt(len(scores))
        published = f"  published: {np.mean(optima):.1%} over the optimum" if optima else ""
        print(f"    {name:25} {np.mean(scores):8.3%} ± {error:.3%}  {1000 * cpu:4.0f} ms{published}")


def main(test_seed: int) -> None:
    """Prints a table for each task."""
    show(POLICIES, pack, test_seed)
    show(RULES, schedule, test_seed)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
