"""The Darwin Gödel Machine's rule: w = σ(10(α − 0.5)) · 1/(1 + children) (arXiv 2505.22954).

There α is the share of benchmark tasks that an agent solves. Scores here have no such scale, so α is a member's rank,
brought to [0, 1]: the share of the other members that it beats, equals counting half; 0.5 for a single member. An
outlier, or a unit, then changes nothing.
"""

from collections.abc import Sequence

import numpy as np

from ryumon.archive.member import Member
from ryumon.archive.parents import drawn
from ryumon.score import Direction


class Dgm:
    """Picks by rank and by how few children a member has had; `sharpness` is 10 and `middle` 0.5 in the paper."""

    def __init__(self, direction: Direction, sharpness: float = 10.0, middle: float = 0.5) -> None:
        self.sharpness, self.middle = sharpness, middle
        self._sign = 1.0 if direction == "maximize" else -1.0

    def pick(self, members: Sequence[Member], rng: np.random.Generator) -> Member:
        """Returns a member by its weight."""
        scores = self._sign * np.array([member.score for member in members])
        ordered = np.sort(scores)
        beaten = np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right") - 1
        alpha = beaten / 2 / (len(members) - 1) if len(members) > 1 else np.full(1, 0.5)
        children = np.array([member.entry.children for member in members], float)
        exponent = np.clip(-self.sharpness * (alpha - self.middle), -500, 500)
        return drawn(members, 1 / (1 + np.exp(exponent)) / (1 + children), rng)
