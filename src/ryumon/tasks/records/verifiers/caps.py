"""Cap sets: points of F₃ⁿ of which no three distinct ones sum to 0, as many as can be. Whole numbers only, tolerance 0.

Three points are on a line of F₃ⁿ where they sum to 0 (Edel, Extensions of generalized product caps, 2004;
Romera-Paredes et al., FunSearch, Nature 625, 2024).
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import Candidate, Case
from ryumon.tasks.records.verifiers.construction import Construction


class CapSet(Construction):
    """Points in `dimensions` dimensions, coordinates 0, 1 or 2."""

    dimensions: ClassVar[int]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns how many points there are."""
        shape = (None, self.dimensions)
        points = claims.array(program.call("cap.py:build"), np.int64, shape, "the points")
        verify_cap(points)
        return Result(float(len(points)), feedback=f"{len(points)} points")


def verify_cap(points: NDArray[np.int64]) -> None:
    """Raises `InvalidClaim` unless points, int64[count, dimensions], are distinct points of F₃ⁿ and no three sum to 0.

    There are at most 3ⁿ distinct points, so the loop is over no more than that; it ends at the first point that is on a
    line with two before it.
    """
    if ((points < 0) | (points > 2)).any():
        raise claims.InvalidClaim("a coordinate is not 0, 1 or 2")
    powers = 3 ** np.arange(points.shape[1])
    if len(points) > 3 ** points.shape[1] or len(np.unique(points @ powers)) < len(points):
        raise claims.InvalidClaim("a point is there twice")
    forbidden = np.zeros(3 ** points.shape[1], bool)  # the third points of the lines through two of those so far
    for count, point in enumerate(points):
        if forbidden[point @ powers]:
            raise claims.InvalidClaim(f"point {count} is on a line with two points before it")
        forbidden[-(points[:count] + point) % 3 @ powers] = True
