import msgspec
import numpy as np
import pytest

from ryumon.archive.populations.elites import Elites
from ryumon.archive.populations.features import features, nesting
from ryumon.archive.populations.pareto import Pareto, crowding
from ryumon.errors import BadInput
from ryumon.testing.members import Offers


def test_each_cell_keeps_its_own_best_however_poor() -> None:
    offers, grid = Offers("minimize"), Elites("minimize", 2, ("wins",))
    first = offers.member(2.0, (2.0, 2.0))
    good_at_one = offers.member(50.0, (1.0, 99.0))
    better_at_one = offers.member(40.0, (1.0, 79.0))
    best = offers.member(1.5, (2.0, 1.0))
    for member in (first, good_at_one):
        grid.admit(member)
    assert [held.score for held in grid.members] == [2.0, 50.0]
    grid.admit(better_at_one)
    assert [held.score for held in grid.members] == [2.0, 40.0]
    grid.admit(best)
    assert [held.score for held in grid.members] == [1.5, 2.0]


def test_the_number_of_bins_follows_from_the_capacity() -> None:
    bins = [Elites("minimize", capacity, names).bins for capacity, names in ((32, ("size",)), (32, ("size", "wins")))]
    assert bins == [32, 5]
    assert Elites("minimize", 1_000, ("size", "wins", "nesting")).bins == 10
    with pytest.raises(BadInput, match="1024"):
        Elites("minimize", 1_025)


def test_an_outlier_costs_one_bin() -> None:
    offers, grid = Offers("minimize"), Elites("minimize", 8, ("m",))
    for value in (1e300, *(float(number * 37 % 63) for number in range(80))):
        grid.admit(msgspec.structs.replace(offers.member(1.0), metrics={"m": value}))
    assert len(grid.members) >= 6


def test_a_feature_that_no_task_gives_is_refused_with_what_there_is() -> None:
    offers = Offers("minimize")
    with pytest.raises(BadInput, match="size, nesting, wins, length"):
        features(["speed"], offers.member(1.0, (1.0,)), "minimize")
    with pytest.raises(BadInput, match="one to four"):
        Elites("minimize", 32, ())


def test_features_are_what_they_say() -> None:
    offers = Offers("maximize")
    first = offers.member(1.0, (1.0, 1.0, 1.0))
    size, wins, metric = features(["size", "wins", "length"], first, "maximize")
    other = offers.member(2.0, (2.0, 1.0, 3.0))
    assert (size(other), wins(other), metric(other)) == (other.program.size, 2.0, other.program.size)
    assert metric(offers.member(1.0)) == float("-inf")
    assert [nesting(text) for text in ("", "f(a[1])", "(()", ")))(", "((({})))")] == [0, 2, 2, 1, 4]


def test_the_front_keeps_who_is_best_at_one_case() -> None:
    for sign, direction in ((1.0, "minimize"), (-1.0, "maximize")):
        offers, front = Offers(direction), Pareto(direction, 4)  # type: ignore[arg-type]
        specialist = offers.member(sign * 50.0, (sign * 0.0, sign * 100.0))
        front.admit(specialist)
        for number in range(30):
            score = 10.0 - number / 10
            front.admit(offers.member(sign * score, (sign * score, sign * score)))
        assert specialist.entry.id in [held.entry.id for held in front.members]
        assert front.members[0].score == sign * 7.1


def test_who_is_dominated_most_leaves_first() -> None:
    offers, front = Offers("minimize"), Pareto("minimize", 3)
    for cases in ((5.0, 5.0), (0.0, 9.0), (9.0, 0.0), (4.0, 4.0)):
        front.admit(offers.member(sum(cases) / 2, cases))
    assert sorted(held.cases for held in front.members) == [(0.0, 9.0), (4.0, 4.0), (9.0, 0.0)]


def test_a_front_over_metrics_weighs_them_in_their_own_direction() -> None:
    offers, front = Offers("maximize"), Pareto("maximize", 2, {"length": "minimize"})
    members = [offers.member(score, (score,)) for score in (1.0, 2.0, 3.0, 4.0, 5.0)]
    for held in members:
        front.admit(held)
    shortest = min(members, key=lambda held: held.metrics["length"])
    assert {held.entry.id for held in front.members} == {shortest.entry.id, members[-1].entry.id}


def test_crowding_is_the_share_of_the_range_between_neighbours() -> None:
    assert crowding(np.array([[0.0], [1.0], [4.0], [10.0]])).tolist() == [np.inf, 0.4, 0.9, 1.2]
    assert crowding(np.array([[3.0], [3.0]])).tolist() == [0.0, 0.0]
