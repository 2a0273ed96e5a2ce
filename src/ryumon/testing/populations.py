"""What every population must hold to. Run each of `CHECKS` on one of your own, as with `ryumon.testing.parents`.

A check takes what makes the population, `factory(direction, capacity)`, and raises `AssertionError`.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ryumon.archive import Member, Population, drift
from ryumon.archive.member import ranking
from ryumon.archive.populations import Restorable
from ryumon.score import Direction
from ryumon.testing.members import DIRECTIONS, EXTREMES, Offers, calls, random_cases

Make = Callable[[Direction, int], Population]
CAPACITIES = (1, 2, 7, 32)


def offered(direction: Direction, count: int, seed: int = 0, *, ties: bool = False) -> list[Member]:
    """Returns members to offer; with `ties` many are equal on all cases."""
    offers = Offers(direction)
    return [offers.member(float(np.mean(row)), row) for row in random_cases(seed, count, 4, ties=ties)]


def filled(make: Make, members: Sequence[Member], direction: Direction, capacity: int) -> Population:
    """Returns a population that was offered all of `members`."""
    population = make(direction, capacity)
    for member in members:
        population.admit(member)
    return population


def ids(population: Population) -> list[str]:
    """Returns the members' ids, best first."""
    return [member.entry.id for member in population.members]


def keeps_its_bound_and_its_order(make: Make) -> None:
    """At most its capacity, best first, after every offer; and `admit` says whether the program is in."""
    for direction in DIRECTIONS:
        rank = ranking(direction)
        for capacity in CAPACITIES:
            population = make(direction, capacity)
            for member in offered(direction, 150, ties=capacity == 7):
                assert population.admit(member) == (member.entry.id in ids(population))
                ranks = [rank(held) for held in population.members]
                assert 1 <= len(ranks) <= capacity
                assert ranks == sorted(ranks)


def keeps_the_best(make: Make) -> None:
    """Whatever else it prefers, a program of the best score offered is a member."""
    for direction in DIRECTIONS:
        best = min if direction == "minimize" else max
        for capacity in CAPACITIES:
            population = make(direction, capacity)
            scores: list[float] = []
            for member in offered(direction, 200, seed=capacity):
                population.admit(member)
                scores.append(member.score)
                assert population.members[0].score == best(scores)


def is_a_function_of_the_offers(make: Make) -> None:
    """Two that were offered the same in the same order hold the same."""
    members = offered("minimize", 300)
    assert ids(filled(make, members, "minimize", 9)) == ids(filled(make, members, "minimize", 9))


def treats_both_directions_alike(make: Make) -> None:
    """Offers with all scores mirrored leave the same programs."""
    lower, upper = Offers("minimize"), Offers("maximize")
    down, up = make("minimize", 9), make("maximize", 9)
    for row in random_cases(4, 200, 3):
        down.admit(lower.member(sum(row), row))
        up.admit(upper.member(-sum(row), [-score for score in row]))
    assert ids(down) == ids(up)


def holds_each_behaviour_once(make: Make) -> None:
    """A twin of a member is not admitted beside it; by drift it takes its place, or that one stays."""
    offers = Offers("minimize")
    population = make("minimize", 8)
    rows = random_cases(5, 40, 3)
    for row in rows:
        population.admit(offers.member(sum(row), row))
    for held in list(population.members):
        if held.entry.id in ids(population):
            twin = offers.member(held.score, twin=held.behaviour)
            assert not population.admit(twin)
            placed = drift(population, twin)
            assert placed == (twin.entry.id in ids(population)) != (held.entry.id in ids(population))
            behaviours = [member.behaviour for member in population.members]
            assert behaviours.count(held.behaviour) == 1 == max(map(behaviours.count, behaviours))


def lets_go_of_what_is_removed(make: Make) -> None:
    """Of that alone; it leaves room, and an unknown id changes nothing."""
    members = offered("maximize", 60)
    population = filled(make, members, "maximize", 8)
    while population.members:
        before = ids(population)
        gone = population.members[len(before) // 2]
        population.remove(gone.entry.id)
        population.remove("nobody")
        assert ids(population) == [id for id in before if id != gone.entry.id]
        assert population.admit(gone)
        population.remove(gone.entry.id)


def goes_on_from_its_members(make: Make) -> None:
    """One that can be restored is, from its members, the population that it was; nothing is asked of any other."""
    members = offered("minimize", 120)
    population, copy = filled(make, members[:60], "minimize", 9), make("minimize", 9)
    population.remove(population.members[0].entry.id)
    if isinstance(copy, Restorable):
        copy.restore(list(population.members))
        for member in members[60:]:
            assert population.admit(member) == copy.admit(member)
            assert ids(population) == ids(copy)


def bears_extreme_scores(make: Make) -> None:
    """No overflow and no invalid operation, whatever finite scores there are."""
    for direction in DIRECTIONS:
        for scores in EXTREMES:
            offers, population = Offers(direction), make(direction, 2)
            with np.errstate(over="raise", invalid="raise", divide="raise"):
                for score in scores:
                    population.admit(offers.member(score, (score, -score)))
            assert 1 <= len(population.members) <= 2


def costs_the_same_each_time(make: Make) -> None:
    """An offer's cost does not grow with the offers before."""
    population = make("minimize", 16)
    costs = [calls(partial(population.admit, member)) for member in offered("minimize", 1_500)]
    assert max(costs[1_000:]) <= 2 * max(costs[100:500])


CHECKS: tuple[Callable[[Make], None], ...] = (
    keeps_its_bound_and_its_order,
    keeps_the_best,
    is_a_function_of_the_offers,
    treats_both_directions_alike,
    holds_each_behaviour_once,
    lets_go_of_what_is_removed,
    goes_on_from_its_members,
    bears_extreme_scores,
    costs_the_same_each_time,
)
