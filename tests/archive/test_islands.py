import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryumon.archive import Archive, Islands, drift
from ryumon.archive.populations.ranked import Ranked
from ryumon.errors import BadInput
from tests.archive.populations import member, program


@given(st.lists(st.integers(-5, 5), max_size=40), st.integers(1, 8), st.sampled_from(["minimize", "maximize"]))
def test_a_population_keeps_the_best_that_it_was_offered_in_order(scores, capacity, direction) -> None:  # type: ignore[no-untyped-def]
    population = Ranked(direction, capacity)
    archive = Archive(direction)
    for index, score in enumerate(scores):
        population.admit(member(str(index), score, archive))
    kept = [held.score for held in population.members]
    assert kept == sorted(scores, reverse=direction == "maximize")[:capacity]


def test_a_population_refuses_more_than_1024_members() -> None:
    with pytest.raises(BadInput, match="1024"):
        Ranked("minimize", 1_025)


def test_the_smaller_of_two_equal_scores_ranks_first() -> None:
    population = Ranked("minimize", 2)
    population.admit(member("long name", 1.0))
    population.admit(member("s", 1.0))
    assert population.members[0].program == program("s")


def test_a_twin_takes_the_place_of_the_member_that_behaves_alike() -> None:
    archive, population = Archive("minimize"), Ranked("minimize", 4)
    population.admit(member("a", 1.0, archive))
    for name in ("b", "c"):
        drift(population, member(name, 1.0, archive, twin=program("a").id))
    assert [held.program for held in population.members] == [program("c")]


def test_each_behaviour_is_held_once() -> None:
    archive, population = Archive("minimize"), Ranked("minimize", 4)
    population.admit(member("a", 1.0, archive))
    assert not population.admit(member("b", 1.0, archive, twin=program("a").id))


def test_what_is_removed_is_gone_from_every_island() -> None:
    islands = Islands(lambda: Ranked("minimize", 4), 3, 10)
    founder = member("a", 1.0)
    islands.everywhere(founder)
    islands.remove(founder.entry.id)
    assert all(not population.members for population in islands.populations)


def test_migration_copies_the_best_of_each_island_to_the_next() -> None:
    islands = Islands(lambda: Ranked("minimize", 4), 3, 10)
    archive = Archive("minimize")
    for index, name in enumerate("abc"):
        islands.of(index).admit(member(name, float(index), archive))
    islands.tick(8)
    assert [len(population.members) for population in islands.populations] == [1, 1, 1]
    islands.tick(9)
    held = [[other.program for other in population.members] for population in islands.populations]
    assert held == [
        [program("a"), program("c")],
        [program("a"), program("b")],
        [program("b"), program("c")],
    ]


def test_islands_that_are_not_open_yet_are_neither_chosen_nor_migrated_to() -> None:
    archive = Archive("minimize")
    islands = Islands(lambda: Ranked("minimize", 4), 3, 10, opening=20)
    assert [islands.open(index) for index in (0, 19, 20, 39, 40, 1000)] == [1, 1, 2, 2, 3, 3]
    first, second, _ = islands.populations
    assert all(islands.of(index) is first for index in range(20))
    assert [islands.any(25, draw) for draw in (0.0, 0.49, 0.5, 0.99)] == [first, first, second, second]
    first.admit(member("a", 1.0, archive))
    islands.tick(9)
    assert not second.members
    islands.tick(29)
    assert [len(island.members) for island in islands.populations] == [1, 1, 0]
