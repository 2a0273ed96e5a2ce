"""The Huxley-Gödel Machine's rule: Thompson sampling on Beta(1 + clade successes, 1 + clade failures)
(arXiv 2510.21614).

The member with the largest draw is the parent, so that lines whose descendants do well are followed, and lines of
which little is known are tried. What counts as a success is said in `clades`. HGM's choice between expanding and
evaluating has no place here, since every program is evaluated when it is made.
"""

from collections.abc import Sequence

import numpy as np

from ryumon.archive.member import Member
from ryumon.score import Direction


class Thompson:
    """Picks by what became of each member's clade."""

    def __init__(self, direction: Direction) -> None:
        """Has no options."""

    def pick(self, members: Sequence[Member], rng: np.random.Generator) -> Member:
        """Returns the member of the largest draw."""
        wins = np.array([member.entry.clade_wins for member in members], float)
        losses = np.array([member.entry.clade_losses for member in members], float)
        return members[int(np.argmax(rng.beta(1 + wins, 1 + losses)))]
