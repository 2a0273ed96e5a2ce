"""14 points in space with the smallest ratio of distances. Tolerance 0."""

from ryumon.tasks.records.verifiers.distances import DistanceRatio


class DistanceRatio14(DistanceRatio):
    """14 points; see the verifier for the rules."""

    count = 14
    dimensions = 3
