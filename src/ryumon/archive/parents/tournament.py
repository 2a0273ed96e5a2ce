"""Tournament selection: the best of k members drawn with replacement.

With n members the one of rank r (1 is best) wins with probability ((n − r + 1)^k − (n − r)^k) / n^k
(Goldberg and Deb 1991, "A comparative analysis of selection schemes used in genetic algorithms").
"""

from collections.abc import Sequence

import numpy as np

from ryumon.archive.member import Member
from ryumon.errors import BadInput
from ryumon.score import Direction


class Tournament:
    """Picks the best of `size` random members."""

    def __init__(self, direction: Direction, size: int = 3) -> None:
        if size < 1:
            raise BadInput(f"tournament size {size}: it must be at least 1")
        self.size = size

    def pick(self, members: Sequence[Member], rng: np.random.Generator) -> Member:
        """Returns the best of `size` draws; the members are ordered, so that is the smallest position drawn."""
        return members[min(int(rng.random() * len(members)) for _ in range(self.size))]
