"""Heilbronn's problem: points whose smallest triangle is as large as can be, as a share of the region. Tolerance 0.

Problems 9 and 10 of appendix B of Novikov et al., AlphaEvolve (2025); after E. Friedman's Packing Center. Everything is
computed in whole numbers; the share is rounded once.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import ClassVar

import numpy as np

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import Candidate, Case
from ryumon.tasks.records.verifiers.construction import Construction
from ryumon.tasks.records.verifiers.dyadic import numerators

Point = tuple[int, int]


class HeilbronnConvex(Construction):
    """`count` points anywhere in the plane; the region is their convex hull."""

    count: ClassVar[int]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the smallest triangle's area over the region's."""
        claim = claims.array(program.call("points.py:place"), np.float64, (self.count, 2), "the points")
        flat, denominator = numerators(claim.ravel().tolist())
        points = list(zip(flat[::2], flat[1::2], strict=True))
        smallest, corners = smallest_triangle(points)
        score = float(Fraction(smallest, self.region(points, denominator)))
        return Result(score, feedback=f"the smallest triangle is of points {', '.join(map(str, corners))}")

    def region(self, points: Sequence[Point], denominator: int) -> int:
        """Returns twice the region's area, in units of 1 / denominator²."""
        doubled = doubled_hull(points)
        if doubled == 0:
            raise claims.InvalidClaim("all points lie on one line; their convex hull has no area")
        return doubled


class HeilbronnTriangle(HeilbronnConvex):
    """`count` points in the triangle (0, 0), (1, 0), (0, 1).

    Any triangle is an affine image of any other, and affine maps keep ratios of areas, so this one stands for all; its
    sides are exact in floats, unlike those of an equilateral one.
    """

    def region(self, points: Sequence[Point], denominator: int) -> int:
        """Returns twice the triangle's area; raises `InvalidClaim` where a point lies outside it."""
        for index, (x, y) in enumerate(points):
            if x < 0 or y < 0 or x + y > denominator:
                raise claims.InvalidClaim(f"point {index} lies outside the triangle (0, 0), (1, 0), (0, 1)")
        return denominator**2


def doubled_area(a: Point, b: Point, c: Point) -> int:
    """Returns twice the signed area of a triangle, above 0 where a, b, c turn left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def smallest_triangle(points: Sequence[Point]) -> tuple[int, tuple[int, ...]]:
    """Returns twice the area of the smallest triangle, 0 where three points lie on a line, and its points' indices."""
    return min(
        (abs(doubled_area(points[i], points[j], points[k])), (i, j, k))
        for i, j, k in combinations(range(len(points)), 3)
    )


def doubled_hull(points: Sequence[Point]) -> int:
    """Returns twice the area of the convex hull (Andrew's monotone chain)."""
    ordered = sorted(set(points))
    hull: list[Point] = []
    for chain in (ordered, ordered[::-1]):
        start = len(hull)
        for point in chain:
            while len(hull) - start >= 2 and doubled_area(hull[-2], hull[-1], point) <= 0:
                hull.pop()
            hull.append(point)
        hull.pop()
    return sum(x * v - u * y for (x, y), (u, v) in zip(hull, hull[1:] + hull[:1], strict=True))
