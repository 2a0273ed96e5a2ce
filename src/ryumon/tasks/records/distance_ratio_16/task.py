"""16 points in the plane with the smallest ratio of distances. Tolerance 0."""

from ryumon.tasks.records.verifiers.distances import DistanceRatio


class DistanceRatio16(DistanceRatio):
    """16 points; see the verifier for the rules."""

    count = 16
    dimensions = 2
