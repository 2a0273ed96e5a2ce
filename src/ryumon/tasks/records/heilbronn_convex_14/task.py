"""Heilbronn's problem for 14 points in a convex region. Tolerance 0."""

from ryumon.tasks.records.verifiers.heilbronn import HeilbronnConvex


class HeilbronnConvex14(HeilbronnConvex):
    """14 points; see the verifier for the rules."""

    count = 14
