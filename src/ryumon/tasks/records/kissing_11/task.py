"""The kissing number in 11 dimensions. Tolerance 0."""

from ryumon.tasks.records.verifiers.kissing import Kissing


class Kissing11(Kissing):
    """Vectors of 11 whole numbers; see the verifier for the rules."""

    dimensions = 11
    most = 868  # Machado and de Oliveira Filho, Improving the SDP bound for the kissing number (2018)
