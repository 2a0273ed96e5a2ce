"""ε-lexicase selection on the scores of single cases (La Cava, Spector and Danai, GECCO 2016, arXiv 1905.13266).

Cases are taken in random order; each keeps only those members whose score on it is within ε of the best one still
there, ε being the median absolute deviation of all members' scores on that case (the semi-dynamic variant, La Cava et
al. 2019, Evolutionary Computation 27). Of those left after the last case one is drawn. So a member that is best at
something has children, however poor its mean.
"""

from collections.abc import Sequence

import numpy as np

from ryumon.archive.member import Member
from ryumon.errors import BadInput
from ryumon.score import Direction


class Lexicase:
    """Picks by cases in random order, at most `most_cases` of them. A member without cases has its score on each."""

    def __init__(self, direction: Direction, most_cases: int = 64) -> None:
        if most_cases < 1:
            raise BadInput(f"lexicase on {most_cases} cases: it needs at least 1")
        self.most_cases = most_cases
        self._sign = 1.0 if direction == "minimize" else -1.0

    def pick(self, members: Sequence[Member], rng: np.random.Generator) -> Member:
        """Returns a member that survives all cases looked at."""
        count = max(len(member.cases) for member in members)
        pool = np.arange(len(members))
        for case in rng.permutation(count)[: self.most_cases]:
            if len(pool) == 1:
                break
            known = (member.cases[case] if len(member.cases) == count else member.score for member in members)
            losses = self._sign * np.fromiter(known, float, len(members))
            losses /= float(np.abs(losses).max()) or 1.0
            tolerance = np.median(np.abs(losses - np.median(losses)))
            here = losses[pool]
            pool = pool[here <= here.min() + tolerance]
        return members[int(pool[int(rng.random() * len(pool))])]
