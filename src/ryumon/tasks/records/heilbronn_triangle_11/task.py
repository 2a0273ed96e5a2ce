"""Heilbronn's problem for 11 points in a triangle. Tolerance 0."""

from ryumon.tasks.records.verifiers.heilbronn import HeilbronnTriangle


class HeilbronnTriangle11(HeilbronnTriangle):
    """11 points; see the verifier for the rules."""

    count = 11
