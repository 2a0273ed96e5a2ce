"""The second autocorrelation inequality. Tolerance 0."""

from ryumon.tasks.records.verifiers.autocorrelation import Flatness


class Autocorrelation2(Flatness):
    """Step functions on [−1/4, 1/4]; see the verifier for the rules."""
