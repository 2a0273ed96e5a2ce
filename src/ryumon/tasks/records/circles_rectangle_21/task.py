"""21 circles in a rectangle of perimeter 4. Tolerance 0."""

from ryumon.tasks.records.verifiers.circles import CirclesInRectangle


class CirclesRectangle21(CirclesInRectangle):
    """21 circles; see the verifier for the rules."""

    count = 21
