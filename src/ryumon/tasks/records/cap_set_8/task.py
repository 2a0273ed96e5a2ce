"""Cap sets in 8 dimensions. Tolerance 0."""

from ryumon.tasks.records.verifiers.caps import CapSet


class CapSet8(CapSet):
    """Points of F₃⁸; see the verifier for the rules."""

    dimensions = 8
