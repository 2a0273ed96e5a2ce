"""Erdős's minimum overlap problem. Tolerance 0."""

from ryumon.tasks.records.verifiers.overlap import MinimumOverlap


class MinimumOverlapOfSteps(MinimumOverlap):
    """Step functions on [0, 2]; see the verifier for the rules."""
