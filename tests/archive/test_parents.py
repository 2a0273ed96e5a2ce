from collections import Counter

import numpy as np
import pytest

from ryumon.archive import Archive, Member, ParentRule
from ryumon.archive.parents.power_law import PowerLaw
from ryumon.archive.parents.tournament import Tournament
from ryumon.archive.parents.weighted import Weighted
from ryumon.errors import BadInput
from ryumon.registry import load
from tests.archive.populations import evaluation, member, program

DRAWS = 4_000


def members(count: int) -> list[Member]:
    archive = Archive("minimize")
    return [member(str(index), float(index), archive) for index in range(count)]


def shares(rule: ParentRule, population: list[Member]) -> list[float]:
    rng = np.random.default_rng(0)
    drawn = Counter(rule.pick(population, rng).entry.index for _ in range(DRAWS))
    return [drawn[index] / DRAWS for index in range(len(population))]


@pytest.mark.parametrize("name", ["tournament", "power-law", "weighted"])
def test_every_registered_rule_picks_a_member_and_prefers_the_better(name: str) -> None:
    rule = load("parents", name)()
    assert rule.pick(members(1), np.random.default_rng(0)).entry.index == 0
    drawn = shares(rule, members(6))
    assert drawn[0] > drawn[5]


def test_a_tournament_wins_with_the_probability_of_its_formula() -> None:
    expected = [((4 - r + 1) ** 3 - (4 - r) ** 3) / 4**3 for r in (1, 2, 3, 4)]
    assert np.allclose(shares(Tournament(3), members(4)), expected, atol=0.03)


def test_the_power_law_follows_rank_to_minus_alpha() -> None:
    weights = np.array([1, 2, 3, 4.0]) ** -2
    assert np.allclose(shares(PowerLaw(2.0), members(4)), weights / weights.sum(), atol=0.03)


def test_the_weighted_rule_halves_a_parent_with_one_child() -> None:
    archive = Archive("minimize")
    population = [member(name, 1.0, archive) for name in "ab"]
    archive.add(evaluation("child", 9, parents=(program("a").id,)))
    drawn = Counter(
        Weighted().pick(population, rng).program.id for rng in [np.random.default_rng(1)] for _ in range(DRAWS)
    )
    assert drawn[program("a").id] / DRAWS == pytest.approx(1 / 3, abs=0.03)


def test_the_weighted_rule_works_in_both_directions() -> None:
    archive = Archive("maximize")
    population = [member(str(index), float(-index), archive) for index in range(6)]
    drawn = shares(Weighted(), population)
    assert drawn[0] > drawn[5]


def test_an_empty_tournament_is_refused() -> None:
    with pytest.raises(BadInput, match="at least 1"):
        Tournament(0)
