"""Operators are drawn by what they have earned, within bounds, and never lost."""

from ryumon.improvers.mutate.credit import LEAST, MOST, Credits


def test_before_anything_improved_every_operator_keeps_its_weight() -> None:
    credits = Credits()
    credits.tell("wrap", "error", 0, improved=False)
    assert credits.factor("wrap") == credits.factor("never tried") == 1.0


def test_an_operator_that_improves_more_for_its_cases_is_drawn_more_and_one_that_never_does_less() -> None:
    credits = Credits()
    for k in range(400):
        credits.tell("good", "ok", 4, improved=k % 10 == 0)
        credits.tell("poor", "ok", 4, improved=False)
    assert credits.factor("good") > 1.5
    assert credits.factor("poor") < 0.6
    assert credits.factor("never tried") == 1.0


def test_cheap_failures_cost_an_operator_less_than_full_evaluations() -> None:
    credits = Credits()
    for k in range(300):
        credits.tell("fails early", "echo" if k % 3 else "ok", 0 if k % 3 else 4, improved=k % 30 == 0)
        credits.tell("pays in full", "ok", 4, improved=k % 30 == 0)
    assert credits.factor("fails early") > credits.factor("pays in full")


def test_factors_stay_within_their_bounds() -> None:
    credits = Credits()
    for _ in range(5000):
        credits.tell("all", "ok", 1, improved=True)
        credits.tell("none", "ok", 1, improved=False)
    assert LEAST <= credits.factor("none") < credits.factor("all") <= MOST


def test_each_operator_of_a_child_is_credited() -> None:
    credits = Credits()
    credits.tell("wrap+number", "ok", 2, improved=True)
    assert {name: credit.improved for name, credit in credits.of.items()} == {"wrap": 1, "number": 1}
