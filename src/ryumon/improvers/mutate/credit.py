"""Which operators pay: adaptive operator selection by probability matching.

An operator is drawn in proportion to its prior weight times how its reward rate compares with the rate of all
operators together (Goldberg 1990, "Probability matching, the magnitude of reinforcement, and classifier system
bidding"; Fialho 2010). The reward is a child better than its parent, and its price the cases it was evaluated on, so
that an operator whose children fail at once, or echo what is known, is not held to be as dear as one that misleads.
"""

import msgspec

from ryumon.score import RAN, Status

PRIOR_CASES = 100.0  # of the common rate, before an operator's own rate is believed
LEAST, MOST = 0.25, 4.0  # of the prior weight, so that no operator is ever lost
PRICE = 0.2  # in cases, of a child that met none


class Credit(msgspec.Struct, forbid_unknown_fields=True):
    """What became of an operator's edits: children told, those that ran, those better than their parent; the cases paid
    for."""

    told: int = 0
    ran: int = 0
    improved: int = 0
    cases: float = 0.0


class Credits(msgspec.Struct, forbid_unknown_fields=True):
    """The credit of every operator by name, and of all together."""

    of: dict[str, Credit] = msgspec.field(default_factory=dict)
    all: Credit = msgspec.field(default_factory=Credit)

    def tell(self, operators: str, status: Status, cases: int, *, improved: bool) -> None:
        """Credits each operator of a child, whose names `+` joins, with what became of it."""
        for name in filter(None, operators.split("+")):
            for credit in (self.of.setdefault(name, Credit()), self.all):
                credit.told += 1
                credit.ran += status in RAN
                credit.improved += improved
                credit.cases += cases + PRICE

    def factor(self, name: str) -> float:
        """Returns by what an operator's prior weight is multiplied: its rate over the common one, shrunk towards 1."""
        own, common = self.of.get(name), self.all
        if own is None or not common.improved:
            return 1.0
        rate = common.improved / common.cases
        return min(max((own.improved / rate + PRIOR_CASES) / (own.cases + PRIOR_CASES), LEAST), MOST)
