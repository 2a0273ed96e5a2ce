"""Every registered population passes the conformance suite, and so does each part of age layers."""

import pytest

from ryumon.archive.populations.elites import Elites
from ryumon.archive.populations.pareto import Pareto
from ryumon.archive.populations.ranked import Ranked
from ryumon.registry import load, names
from ryumon.testing.populations import CHECKS, costs_the_same_each_time, keeps_the_best


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", names("populations"))
def test_every_registered_population_conforms(name, check) -> None:  # type: ignore[no-untyped-def]
    check(load("populations", name))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_grid_over_a_metric_and_wins_conforms(check) -> None:  # type: ignore[no-untyped-def]
    check(lambda direction, capacity: Elites(direction, capacity, ("length", "wins", "size")))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_front_over_a_metric_conforms(check) -> None:  # type: ignore[no-untyped-def]
    check(lambda direction, capacity: Pareto(direction, capacity, {"length": "minimize"}))


class Forgetful(Ranked):
    """Lets go of its best when it is full."""

    def admit(self, member):  # type: ignore[no-untyped-def]
        """Takes everything."""
        if len(self.members) >= 2:
            self.remove(self.members[0].entry.id)
        return super().admit(member)


class Hoarder(Ranked):
    """Looks at everything that it was ever offered."""

    def __init__(self, direction, capacity):  # type: ignore[no-untyped-def]
        super().__init__(direction, capacity)
        self.offers = []

    def admit(self, member):  # type: ignore[no-untyped-def]
        """Counts again."""
        self.offers.append(member)
        sum(map(lambda offer: offer.score, self.offers))  # noqa: C417
        return super().admit(member)


def test_the_suite_finds_what_loses_the_best_and_what_costs_more_and_more() -> None:
    with pytest.raises(AssertionError):
        keeps_the_best(Forgetful)
    with pytest.raises(AssertionError):
        costs_the_same_each_time(Hoarder)
