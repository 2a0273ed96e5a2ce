"""Kissing spheres: vectors no two of which are less than 60° apart, as many as can be. Whole numbers only, tolerance 0.

Problem 11 of appendix B of Novikov et al., AlphaEvolve (2025). Spheres of radius 1 around the points 2x/|x| touch the
unit sphere, and do not overlap where x·y ≤ |x||y|/2 for any two of the vectors, which whole numbers decide: x·y ≤ 0 or
4(x·y)² ≤ |x|²|y|². Where all are at least as far from one another as the longest is from 0, as that problem has it,
this holds too.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import Candidate, Case
from ryumon.tasks.records.verifiers.construction import Construction

# Far above the error of a cosine computed in floats from whole numbers of 64 bits, which is below 1e-14.
CLEARLY_APART = 1e-9


class Kissing(Construction):
    """Vectors in `dimensions` dimensions, of any lengths.

    `most` is a proven upper bound: more are refused unseen, so verifying takes no more than a few seconds.
    """

    dimensions: ClassVar[int]
    most: ClassVar[int]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns how many vectors there are."""
        shape = (None, self.dimensions)
        vectors = claims.array(program.call("arrangement.py:arrange"), np.int64, shape, "the vectors")
        if not 1 <= len(vectors) <= self.most:
            raise claims.InvalidClaim(f"there are {len(vectors)} vectors; from 1 to {self.most} are possible")
        verify_sixty_degrees(vectors)
        return Result(float(len(vectors)), feedback=f"{len(vectors)} vectors")


def verify_sixty_degrees(vectors: NDArray[np.int64]) -> None:
    """Raises `InvalidClaim` unless all vectors, int64[count, dimensions], are at least 60° apart from one another."""
    exact: list[list[int]] = vectors.tolist()
    squares = [dot(vector, vector) for vector in exact]
    if 0 in squares:
        raise claims.InvalidClaim(f"vector {squares.index(0)} is 0")
    for i, j in suspects(vectors):
        product = dot(exact[i], exact[j])
        if product > 0 and 4 * product**2 > squares[i] * squares[j]:
            raise claims.InvalidClaim(f"vectors {i} and {j} are less than 60 degrees apart")


def dot(left: Sequence[int], right: Sequence[int]) -> int:
    """Returns the exact product of two vectors."""
    return sum(a * b for a, b in zip(left, right, strict=True))


def suspects(vectors: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Returns the pairs that are not clearly more than 60° apart, the only ones that need exact arithmetic."""
    units = vectors / np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    first, second = np.nonzero(np.triu(units @ units.T >= 0.5 - CLEARLY_APART, 1))
    return list(zip(first.tolist(), second.tolist(), strict=True))
