"""Crossover looks at the places where two programs of one line differ, and takes nothing else over."""

import numpy as np

from ryumon.improvers.mutate.differences import cross, differences
from ryumon.improvers.mutate.editor import applied
from ryumon.improvers.mutate.operators import Site
from ryumon.improvers.mutate.syntax import parse
from ryumon.improvers.mutate.view import View
from ryumon.improvers.mutate.vocabularies import vocabulary

ONE = "def f(x: float) -> float:\n    y = x * 2.0\n    return y + abs(x)\n"
OTHER = "def f(x: float) -> float:\n    y = x * 6.0\n    return y + max(x, 1.0)\n"
LONGER = "def f(x: float) -> float:\n    y = x * 2.0\n    y = y - 1.0\n    return y + abs(x)\n"


def view(text: str) -> View:
    source = parse(text, "python")
    assert source is not None
    return View(source, vocabulary("arithmetic"))


def children(text: str, donor: str, count: int = 300) -> set[str]:
    here, there = view(text), view(donor)
    edits = [cross(Site(here, lambda: there), np.random.default_rng(seed)) for seed in range(count)]
    return {applied(here, edit) for edit in edits if edit}


def test_the_innermost_differences_are_found_and_what_is_equal_is_not() -> None:
    here, there = view(ONE), view(OTHER)
    found = {(here.of(node), there.of(other)) for node, other in differences(here, there)}
    assert {("2.0", "6.0"), ("abs(x)", "max(x, 1.0)")} <= found
    assert all(ours != theirs for ours, theirs in found)
    assert differences(here, view(ONE)) == []


def test_a_statement_that_only_one_of_them_has_does_not_set_all_that_follows_against_each_other() -> None:
    here, there = view(ONE), view(LONGER)
    assert not any(here.of(node).startswith("return") for node, _ in differences(here, there))


def test_a_child_has_each_place_from_one_of_its_parents_or_a_number_between_theirs() -> None:
    made = children(ONE, OTHER)
    assert ONE.replace("2.0", "6.0") in made
    assert ONE.replace("abs(x)", "max(x, 1.0)") in made
    numbers = {float(text.split("x * ")[1].split("\n")[0]) for text in made if "abs(x)" in text and "x * " in text}
    assert len(numbers) > 20
    assert min(numbers) >= 0.0
    assert max(numbers) <= 8.0
    assert all(text.startswith("def f(x: float) -> float:\n    y = x * ") for text in made)


def test_equal_programs_and_no_donor_leave_nothing_to_take_over() -> None:
    assert children(ONE, ONE) == set()
    assert cross(Site(view(ONE), lambda: None), np.random.default_rng(0)) is None
