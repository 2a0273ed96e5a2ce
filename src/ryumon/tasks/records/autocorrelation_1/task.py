"""The first autocorrelation inequality. Tolerance 0."""

from ryumon.tasks.records.verifiers.autocorrelation import Peak


class Autocorrelation1(Peak):
    """Step functions on [−1/4, 1/4]; see the verifier for the rules."""
