"""26 circles in the unit square. Tolerance 0."""

from ryumon.tasks.records.verifiers.circles import CirclesInSquare


class CirclePacking(CirclesInSquare):
    """26 circles; see the verifier for the rules."""

    count = 26
