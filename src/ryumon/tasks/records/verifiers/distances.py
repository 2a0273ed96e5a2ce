"""Points whose largest distance is the smallest multiple of their smallest one; the ratio squared. Tolerance 0.

Problem 8 of appendix B of Novikov et al., AlphaEvolve (2025); after E. Friedman's Packing Center, which squares too.
"""

from fractions import Fraction
from itertools import combinations
from typing import ClassVar

import numpy as np

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import Candidate, Case
from ryumon.tasks.records.verifiers.construction import Construction
from ryumon.tasks.records.verifiers.dyadic import numerators

LARGEST_RATIO = 10**12  # squared; beyond it two points are one for all purposes


class DistanceRatio(Construction):
    """`count` points in `dimensions` dimensions."""

    count: ClassVar[int]
    dimensions: ClassVar[int]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the largest over the smallest squared distance, computed in whole numbers and rounded once."""
        shape = (self.count, self.dimensions)
        claim = claims.array(program.call("points.py:place"), np.float64, shape, "the points")
        flat, _ = numerators(claim.ravel().tolist())
        points = [flat[start : start + self.dimensions] for start in range(0, len(flat), self.dimensions)]
        pairs = list(combinations(range(self.count), 2))
        squares = [sum((a - b) ** 2 for a, b in zip(points[i], points[j], strict=True)) for i, j in pairs]
        smallest, largest = min(squares), max(squares)
        near, far = pairs[squares.index(smallest)], pairs[squares.index(largest)]
        if smallest == 0 or largest > LARGEST_RATIO * smallest:
            raise claims.InvalidClaim(f"points {near[0]} and {near[1]} are at one place, or as good as")
        feedback = f"points {near[0]} and {near[1]} are nearest, {far[0]} and {far[1]} furthest apart"
        return Result(float(Fraction(largest, smallest)), feedback=feedback)
