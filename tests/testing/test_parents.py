"""Every registered rule passes the conformance suite; the built-in ones follow their formulas."""

from itertools import permutations

import numpy as np
import pytest

from ryumon.archive import Member
from ryumon.archive.parents.dgm import Dgm
from ryumon.archive.parents.lexicase import Lexicase
from ryumon.archive.parents.power_law import PowerLaw
from ryumon.archive.parents.thompson import Thompson
from ryumon.archive.parents.tournament import Tournament
from ryumon.archive.parents.weighted import Weighted
from ryumon.registry import load, names
from ryumon.testing.members import ordered
from ryumon.testing.parents import CHECKS, assert_follows, prefers_the_better, treats_both_directions_alike

SCORES = (1.0, 2.0, 2.0, 5.0, 9.0)
CHILDREN = (4, 0, 1, 0, 0)


def population() -> list[Member]:
    members = ordered("minimize", SCORES)
    for member, children in zip(members, CHILDREN, strict=True):
        member.entry.children = children
    return members


def shares(weights: object) -> list[float]:
    values = np.array(weights, float)
    return list(values / values.sum())


def sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", names("parents"))
def test_every_registered_rule_conforms(name, check) -> None:  # type: ignore[no-untyped-def]
    check(load("parents", name))


def test_a_tournament_wins_with_the_probability_of_its_formula() -> None:
    expected = [((5 - r + 1) ** 3 - (5 - r) ** 3) / 5**3 for r in (1, 2, 3, 4, 5)]
    assert_follows(Tournament("minimize", 3), population(), expected)


def test_the_power_law_follows_rank_to_minus_alpha() -> None:
    assert_follows(PowerLaw("minimize", 2.0), population(), shares([r**-2.0 for r in (1, 2, 3, 4, 5)]))


def test_the_weighted_rule_follows_shinkas_formula() -> None:
    median, deviation = 2.0, 1.0  # of the distances 1, 0, 0, 3, 7
    weights = [
        sigmoid(10 * (median - s) / deviation) / (1 + children) for s, children in zip(SCORES, CHILDREN, strict=True)
    ]
    assert_follows(Weighted("minimize"), population(), shares(weights))


def test_the_dgm_rule_follows_its_formula_with_ranks_as_alpha() -> None:
    alphas = (1.0, 0.625, 0.625, 0.25, 0.0)
    weights = [sigmoid(10 * (a - 0.5)) / (1 + children) for a, children in zip(alphas, CHILDREN, strict=True)]
    assert_follows(Dgm("minimize"), population(), shares(weights))


def test_the_thompson_rule_wins_as_often_as_one_beta_exceeds_the_other() -> None:
    members = ordered("minimize", (1.0, 2.0))
    for member, wins, losses in zip(members, (3, 6), (2, 8), strict=True):
        member.entry.clade_wins, member.entry.clade_losses = wins, losses
    x = np.linspace(0, 1, 20_001)
    first, second = x**3 * (1 - x) ** 2, x**6 * (1 - x) ** 8
    below = np.cumsum(second) / second.sum()
    expected = float((first * below).sum() / first.sum())
    assert_follows(Thompson("minimize"), members, [expected, 1 - expected])


def lexicase_probabilities(losses: list[list[float]]) -> list[float]:
    """Returns what the definition says, by every order of the cases."""
    table = np.array(losses)
    tolerance = np.median(np.abs(table - np.median(table, axis=0)), axis=0)
    found = np.zeros(len(table))
    orders = list(permutations(range(table.shape[1])))
    for order in orders:
        pool = list(range(len(table)))
        for case in order:
            best = min(table[member, case] for member in pool)
            pool = [member for member in pool if table[member, case] <= best + tolerance[case]]
        found[pool] += 1 / len(pool) / len(orders)
    return list(found)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_lexicase_follows_its_definition(direction) -> None:  # type: ignore[no-untyped-def]
    losses = [[0.0, 9.0, 9.0], [2.0, 2.0, 7.0], [5.0, 0.5, 8.0], [9.0, 9.0, 0.0], [4.0, 4.0, 4.0], [4.0, 4.0, 4.0]]
    sign = 1.0 if direction == "minimize" else -1.0
    scores = [sign * sum(row) for row in losses]
    members = ordered(direction, scores, [[sign * loss for loss in row] for row in losses])
    expected = lexicase_probabilities([[sign * case for case in member.cases] for member in members])
    assert max(expected) > 2 * min(expected)
    assert_follows(Lexicase(direction), members, expected)


def test_lexicase_gives_a_specialist_children_that_no_rule_on_means_would() -> None:
    cases = [[5.0, 5.0], [5.1, 5.1], [4.9, 5.2], [0.0, 99.0]]
    members = ordered("minimize", [sum(row) for row in cases], cases)
    specialist = members[-1].entry.id
    rng = np.random.default_rng(0)
    drawn = [Lexicase("minimize").pick(members, rng).entry.id for _ in range(200)]
    assert drawn.count(specialist) > 60


class Backwards:
    """A rule that takes larger for better, whatever the direction."""

    def __init__(self, direction: object) -> None:
        """Does not listen."""

    def pick(self, members, rng):  # type: ignore[no-untyped-def]
        """Returns the member of the largest score."""
        return max(members, key=lambda member: member.score)


def test_the_suite_finds_a_rule_that_forgets_the_direction() -> None:
    for check in (prefers_the_better, treats_both_directions_alike):
        with pytest.raises(AssertionError):
            check(Backwards)
