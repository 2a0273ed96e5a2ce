"""ShinkaEvolve's weighted rule: w = σ(λ(s − median)/MAD) · 1/(1 + children), λ = 10 (arXiv 2509.19349, section 3.1).

s is a member's score, better being larger; MAD is the median absolute deviation of the scores. Good programs are
preferred, and those that have had few children.
"""

from collections.abc import Sequence

import numpy as np

from ryumon.archive.member import Member

SMALLEST_DEVIATION = 1e-12


class Weighted:
    """Picks by score and by how few children a member has had; `sharpness` is λ."""

    def __init__(self, sharpness: float = 10.0) -> None:
        self.sharpness = sharpness

    def pick(self, members: Sequence[Member], rng: np.random.Generator) -> Member:
        """Returns a member by its weight. The direction is that of the order: the first is the best."""
        scores = np.array([member.score for member in members])
        if scores[0] < scores[-1]:
            scores = -scores
        centred = scores - np.median(scores)
        deviation = max(float(np.median(np.abs(centred))), SMALLEST_DEVIATION)
        children = np.array([member.entry.children for member in members])
        exponent = np.clip(-self.sharpness * centred / deviation, -500, 500)
        bounds = np.cumsum(1 / (1 + np.exp(exponent)) / (1 + children))
        return members[min(int(np.searchsorted(bounds, rng.random() * bounds[-1], "right")), len(members) - 1)]
