"""Budgets parse, add up and are never passed, what is in flight counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryumon.budget import Budget, Cost, Ledger, parse_budget
from ryumon.errors import BadInput


def test_every_unit_lands_on_its_own_limit() -> None:
    assert parse_budget("3000ev,10m,5usd") == Budget(evaluations=3000, wall_s=600, usd=5)
    assert parse_budget("2h") == Budget(wall_s=7200)
    assert parse_budget("90cpu-s,4gpu-s,1000tok") == Budget(cpu_s=90, gpu_s=4, tokens=1000)


@pytest.mark.parametrize(
    "text", ["3x", "", "ev", "-5ev", "0ev", "1.5ev", "5ev,6ev", "1m,60s", "nanev", "1e3ev", "5 ev"]
)
def test_a_budget_that_is_not_understood_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_budget(text)
    assert "\n" not in str(caught.value)


@given(st.integers(1, 10**6), st.floats(0.5, 1e6))
def test_a_budget_survives_being_written_out(evaluations: int, seconds: float) -> None:
    budget = Budget(evaluations=evaluations, wall_s=seconds)
    again = parse_budget(str(budget))
    assert again.evaluations == evaluations
    assert again.wall_s == pytest.approx(seconds, abs=1e-6)


@given(st.integers(1, 50), st.lists(st.sampled_from(["start", "commit", "reject"]), max_size=200))
def test_evaluations_and_reservations_never_pass_the_limit(limit: int, steps: list[str]) -> None:
    ledger = Ledger(Budget(evaluations=limit))
    for step in steps:
        if step == "start":
            ledger.reserve()
        elif ledger.in_flight:
            ledger.release()
            if step == "commit":
                ledger.charge(Cost(evaluations=1))
        assert ledger.spent.evaluations + ledger.in_flight <= limit


def test_any_limit_that_is_reached_ends_the_reserving() -> None:
    ledger = Ledger(Budget(evaluations=100, usd=1))
    assert ledger.reserve()
    ledger.charge(Cost(usd=1))
    assert not ledger.reserve()
    assert ledger.exhausted() == "usd"


def test_an_extension_adds_to_what_it_names_and_keeps_the_rest() -> None:
    budget = Budget(evaluations=100, usd=5).extended(Budget(evaluations=50, wall_s=10), Cost(wall_s=7))
    assert budget == Budget(evaluations=150, usd=5, wall_s=17)
