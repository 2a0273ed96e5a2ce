"""The third autocorrelation inequality. Tolerance 0."""

from ryumon.tasks.records.verifiers.autocorrelation import SignedPeak


class Autocorrelation3(SignedPeak):
    """Step functions on [−1/4, 1/4]; see the verifier for the rules."""
