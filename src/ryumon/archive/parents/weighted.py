"""ShinkaEvolve's weighted rule: w = σ(λ(s − median)/MAD) · 1/(1 + children), λ = 10 (arXiv 2509.19349, section 3.1).

s is a member's score, better being larger; MAD is the median absolute deviation of the scores. Good programs are
preferred, and those that have had few children. A MAD of 0, where most scores are equal, counts as a tiny one.
"""

from collections.abc import Sequence

import numpy as np

from ryumon.archive.member import Member
from ryumon.archive.parents import drawn
from ryumon.score import Direction

SMALLEST_DEVIATION = 1e-12  # as a share of the largest score


class Weighted:
    """Picks by score and by how few children a member has had; `sharpness` is λ."""

    def __init__(self, direction: Direction, sharpness: float = 10.0) -> None:
        self.sharpness = sharpness
        self._sign = 1.0 if direction == "maximize" else -1.0

    def pick(self, members: Sequence[Member], rng: np.random.Generator) -> Member:
        """Returns a member by its weight."""
        scores = self._sign * np.array([member.score for member in members])
        scores /= float(np.abs(scores).max()) or 1.0
        centred = scores - np.median(scores)
        deviation = max(float(np.median(np.abs(centred))), SMALLEST_DEVIATION)
        children = np.array([member.entry.children for member in members], float)
        exponent = np.clip(-self.sharpness * centred / deviation, -500, 500)
        return drawn(members, 1 / (1 + np.exp(exponent)) / (1 + children), rng)
