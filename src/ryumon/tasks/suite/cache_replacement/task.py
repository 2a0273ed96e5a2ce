"""Cache replacement on generated traces: instances, and the misses recounted from the pages removed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task

REQUESTS, SLOTS = 250, 8
PAGES = 40
COUNTS: dict[Split, int] = {"train": 10, "validation": 24, "test": 40}


class CacheReplacement(Task):
    """250 requests to a cache of eight pages: popular pages, loops and scans, in shares that differ by trace."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh traces."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{k}", trace(rng)) for k in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the share of requests that miss."""
        missed = misses(program.drive("drivers.py:serve", "policy.py:worth", case.data, SLOTS), case.data)
        return Result(missed / REQUESTS, feedback=f"{missed} of {REQUESTS} requests missed")


def trace(rng: np.random.Generator) -> NDArray[np.int64]:
    """Returns the pages requested: by popularity (Zipf), which is dealt anew now and then, in a loop, or once only."""
    popularity = 1 / np.arange(1, PAGES + 1) ** rng.uniform(0.7, 1.3)
    popular = rng.choice(PAGES, REQUESTS, p=popularity / popularity.sum())
    phase = np.arange(REQUESTS) // rng.integers(40, 120)
    popular = (popular + rng.integers(PAGES, size=REQUESTS)[phase]) % PAGES
    loop = PAGES + np.arange(REQUESTS) % rng.integers(6, 14)
    once = 2 * PAGES + np.arange(REQUESTS)
    kind = rng.choice(3, REQUESTS, p=rng.dirichlet((4, 1.5, 1.5)))
    return np.choose(kind, (popular, loop, once)).astype(np.int64)


def misses(claim: object, requests: NDArray[np.int64]) -> int:
    """Returns how many requests miss; raises `InvalidClaim` unless a cached page is removed at each miss when full."""
    removed = claims.array(claim, np.int64, (None,), "the pages removed").tolist()
    cached: set[int] = set()
    missed = 0
    for page in requests.tolist():
        if page in cached:
            continue
        missed += 1
        if len(cached) == SLOTS:
            if missed - SLOTS > len(removed) or removed[missed - SLOTS - 1] not in cached:
                raise claims.InvalidClaim(f"miss {missed} removes no page that is cached")
            cached.remove(removed[missed - SLOTS - 1])
        cached.add(page)
    if len(removed) != max(0, missed - SLOTS):
        raise claims.InvalidClaim(f"{len(removed)} pages are removed, by {missed} misses")
    return missed
