"""Policies that decide as things arrive: bandits, caches, servers."""

import math

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def discounted_ucb(rewards: Floats, discount: float = 0.98, width: float = 0.02) -> Ints:
    """Discounted UCB (Garivier and Moulines, ALT 2011): all pulls lose weight at each step, so idle arms are tried."""
    arms = rewards.shape[1]
    total, count = np.zeros(arms), np.zeros(arms)
    pulled = []
    for step, row in enumerate(rewards):
        weight = np.maximum(count, 1e-9)
        index = total / weight + 2 * np.sqrt(width * np.log(max(count.sum(), 1)) / weight)
        arm = step if step < arms else int(index.argmax())
        total, count = discount * total, discount * count
        total[arm] += row[arm]
        count[arm] += 1
        pulled.append(arm)
    return np.array(pulled, np.int64)


def farthest_next_use(trace: Ints, slots: int) -> Ints:
    """Belady's MIN (IBM Systems Journal 5, 1966), which knows the future: no policy misses less."""
    pages = trace.tolist()
    cached: set[int] = set()
    removed = []
    for now, page in enumerate(pages):
        if page not in cached:
            if len(cached) == slots:
                later = pages[now + 1 :]
                victim = max(sorted(cached), key=lambda other: later.index(other) if other in later else math.inf)
                cached.remove(victim)
                removed.append(victim)
            cached.add(page)
    return np.array(removed, np.int64)


def by_size(arrivals: Floats, sizes: Floats, servers: int, large: float = 10.0) -> Ints:
    """Assignment by size with cycle stealing (after Harchol-Balter et al., SPAA 2003): large jobs go to the last server
    alone, small ones to whichever has least work left. The limit was chosen on other seeds."""
    free = np.zeros(servers)
    assignment = []
    for now, size in zip(arrivals.tolist(), sizes.tolist(), strict=True):
        server = servers - 1 if size > large else int(np.maximum(free - now, 0).argmin())
        free[server] = max(free[server], now) + size
        assignment.append(server)
    return np.array(assignment, np.int64)
