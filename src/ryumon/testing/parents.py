"""What every parent rule must hold to. Run each of `CHECKS` on a rule of your own:

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_my_rule(check):
        check(MyRule)

A check takes what makes the rule, `factory(direction)`, and raises `AssertionError`. `assert_follows` holds a rule
against the probabilities of its formula.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import numpy as np

from ryumon.archive import Member, ParentRule
from ryumon.score import Direction
from ryumon.testing.members import DIRECTIONS, EXTREMES, calls, ordered, random_cases

Make = Callable[[Direction], ParentRule]
MOST = 1_024
HUGE = 10**15


def picks(rule: ParentRule, members: Sequence[Member], count: int, seed: int = 0) -> list[int]:
    """Returns the positions of members that a rule picks one after another."""
    rng = np.random.default_rng(seed)
    position = {member.entry.id: number for number, member in enumerate(members)}
    return [position[rule.pick(members, rng).entry.id] for _ in range(count)]


def returns_one_of_the_members(make: Make) -> None:
    """Of one, of two, of many, with and without cases, among ties."""
    for direction in DIRECTIONS:
        rule = make(direction)
        for count in (1, 2, 7, 65, MOST):
            for cases in (random_cases(count, count, 3), random_cases(count, count, 3, ties=True), [()] * count):
                scores = [sum(row) for row in cases]
                assert set(picks(rule, ordered(direction, scores, cases), 20)) <= set(range(count))


def is_a_function_of_members_and_rng(make: Make) -> None:
    """Whatever it picked before, from whichever population."""
    cases = random_cases(1, 12, 4)
    members = ordered("minimize", [sum(row) for row in cases], cases)
    rule = make("minimize")
    first = picks(rule, members, 50)
    picks(rule, ordered("minimize", [3.0, 1.0, 2.0]), 50)
    assert picks(rule, members, 50) == first == picks(make("minimize"), members, 50)


def leaves_members_alone(make: Make) -> None:
    """Neither their order nor anything in them changes."""
    members = ordered("maximize", [float(number) for number in range(20)])
    before = [msgspec.to_builtins(member) for member in members]
    picks(make("maximize"), members, 50)
    assert [msgspec.to_builtins(member) for member in members] == before


def treats_both_directions_alike(make: Make) -> None:
    """The mirror image of a population gives the mirror image of the picks."""
    cases = random_cases(2, 15, 4)
    mirrored = [[-score for score in row] for row in cases]
    lower = ordered("minimize", [sum(row) for row in cases], cases)
    upper = ordered("maximize", [sum(row) for row in mirrored], mirrored)
    assert picks(make("minimize"), lower, 200) == picks(make("maximize"), upper, 200)


def prefers_the_better(make: Make) -> None:
    """In both directions, on the whole: not those of chance, and no rule that was handed the wrong end."""
    cases = [[float(number)] * 3 for number in (5, 9, 2, 11, 0, 7, 3, 10, 1, 6, 8, 4)]
    for direction in DIRECTIONS:
        members = ordered(direction, [row[0] for row in cases], cases)
        assert np.mean(picks(make(direction), members, 600)) < 5.0


def bears_extreme_scores(make: Make) -> None:
    """No overflow and no invalid operation, whatever finite scores there are."""
    for direction in DIRECTIONS:
        for scores in EXTREMES:
            members = ordered(direction, scores, [[score, -score] for score in scores])
            with np.errstate(over="raise", invalid="raise", divide="raise"):
                picks(make(direction), members, 30)


def bears_huge_counts(make: Make) -> None:
    """Children and descendants beyond any run's."""
    members = ordered("minimize", [1.0, 2.0, 3.0, 3.0])
    for number, member in enumerate(members):
        member.entry.children = HUGE * number
        member.entry.clade_wins, member.entry.clade_losses = HUGE * number, HUGE * (3 - number)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        picks(make("minimize"), members, 50)


def costs_the_same_each_time(make: Make) -> None:
    """A pick's cost is bounded by its members, and does not grow with the picks before."""
    cases = random_cases(3, MOST, 4)
    members = ordered("minimize", [sum(row) for row in cases], cases)
    rule = make("minimize")
    first = max(calls(partial(picks, rule, members, 1, seed)) for seed in range(5))
    picks(rule, members, 100)
    later = max(calls(partial(picks, rule, members, 1, seed)) for seed in range(5))
    assert later <= first <= 100 * MOST


CHECKS: tuple[Callable[[Make], None], ...] = (
    returns_one_of_the_members,
    is_a_function_of_members_and_rng,
    leaves_members_alone,
    treats_both_directions_alike,
    prefers_the_better,
    bears_extreme_scores,
    bears_huge_counts,
    costs_the_same_each_time,
)


def assert_follows(
    rule: ParentRule, members: Sequence[Member], probabilities: Sequence[float], draws: int = 4_000
) -> None:
    """Holds the shares in which a rule picks each member against probabilities, to 4.5 standard errors."""
    counts = Counter(picks(rule, members, draws))
    for number, expected in enumerate(probabilities):
        allowed = 4.5 * (expected * (1 - expected) / draws) ** 0.5 + 1 / draws
        share = counts[number] / draws
        assert abs(share - expected) <= allowed, f"member {number}: {share:.4f} instead of {expected:.4f}"
