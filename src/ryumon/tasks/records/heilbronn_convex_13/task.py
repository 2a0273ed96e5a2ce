"""Heilbronn's problem for 13 points in a convex region. Tolerance 0."""

from ryumon.tasks.records.verifiers.heilbronn import HeilbronnConvex


class HeilbronnConvex13(HeilbronnConvex):
    """13 points; see the verifier for the rules."""

    count = 13
