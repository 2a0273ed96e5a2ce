"""Power law over ranks: p(r) ∝ r^−α, rank 1 the best.

α = 0 is uniform; a large α is greedy (ShinkaEvolve, arXiv 2509.19349, section 3.1).
"""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from ryumon.archive.member import Member
from ryumon.score import Direction


class PowerLaw:
    """Picks by rank alone, with exponent `alpha`."""

    def __init__(self, direction: Direction, alpha: float = 1.0) -> None:
        self.alpha = alpha
        self._bounds: list[float] = []

    def pick(self, members: Sequence[Member], rng: np.random.Generator) -> Member:
        """Returns a member, drawn by inverting the cumulative weights of its rank."""
        count = len(members)
        if len(self._bounds) < count:
            self._bounds = list(accumulate((rank + 1) ** -self.alpha for rank in range(count)))
        return members[min(bisect(self._bounds, rng.random() * self._bounds[count - 1]), count - 1)]
