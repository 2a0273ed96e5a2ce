"""32 circles in the unit square. Tolerance 0."""

from ryumon.tasks.records.verifiers.circles import CirclesInSquare


class Circles32(CirclesInSquare):
    """32 circles; see the verifier for the rules."""

    count = 32
