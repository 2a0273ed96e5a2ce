"""How alike two programs are in their syntax, estimated at a fixed cost, and a bounded memory of recent ones.

A program is a sequence of tokens; its set of n-grams of 64-bit hashes is brought down to a signature of fixed length,
and the share of places in which two signatures agree estimates the Jaccard similarity of the sets (MinHash; Broder
1997, "On the resemblance and containment of documents"), with a standard error of √(J(1 − J)/length). This module
does not parse.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ryumon.errors import BadInput

Signature = NDArray[np.uint64]
LENGTH = 128
N = 3
MOST_HELD = 1_024
_SALTS, _FACTORS = np.random.default_rng(0x6E6F76656C).integers(0, 2**63, (2, LENGTH), np.uint64) * 2 + 1
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # SplitMix64 (Steele, Lea and Flood 2014)


def grams(tokens: Sequence[str], n: int = N) -> Signature:
    """Returns the distinct hashes of all runs of `n` tokens, sorted; of the whole where it is shorter than that."""
    hashes = np.fromiter(map(_hash, tokens), np.uint64, len(tokens))
    count = max(1, len(hashes) - n + 1)
    total = np.zeros(count, np.uint64)
    for offset in range(min(n, len(hashes))):
        total = _mixed(total + hashes[offset : offset + count])
    return np.unique(total)


def signature(tokens: Sequence[str], n: int = N) -> Signature:
    """Returns the signature of a sequence of tokens: `LENGTH` numbers, the same in every process."""
    found = grams(tokens, n)
    least: Signature = ((found[:, None] ^ _SALTS) * _FACTORS).min(axis=0)
    return least


class Novelty:
    """The signatures of the most recent programs, at most `capacity`."""

    def __init__(self, capacity: int) -> None:
        if not 1 <= capacity <= MOST_HELD:
            raise BadInput(f"novelty against {capacity} programs: hold 1 to {MOST_HELD}")
        self._held = np.zeros((capacity, LENGTH), np.uint64)
        self._count = 0

    def add(self, found: Signature) -> None:
        """Takes a signature in, in the place of the oldest where there are too many."""
        self._held[self._count % len(self._held)] = found
        self._count += 1

    def nearest(self, found: Signature) -> float:
        """Returns the similarity, from 0 to 1, of the most similar one held; 0 where there is none."""
        held = self._held[: self._count]
        return int(np.count_nonzero(held == found, axis=1).max()) / LENGTH if len(held) else 0.0


@lru_cache(maxsize=65_536)
def _hash(token: str) -> int:
    return int.from_bytes(hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _mixed(values: Signature) -> Signature:
    values = (values ^ (values >> np.uint64(30))) * _MIX[0]
    values = (values ^ (values >> np.uint64(27))) * _MIX[1]
    return values ^ (values >> np.uint64(31))
