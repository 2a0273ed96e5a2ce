"""Options reach an improver as they were written: one reader for `run --set` and for the arms of a bench."""

import pytest

from ryumon.comparison.bench import arm_of
from ryumon.errors import BadInput
from ryumon.improvers.controls import BestOfN
from ryumon.improvers.mutate import Mutate
from ryumon.improvers.options import assigned, plain
from tests.improvers.corpus import Memory, brief


def test_a_name_with_dots_reaches_into_a_table() -> None:
    written = assigned(["tuning.stale=100", "editing.weights.swap = 0", "parents=dgm"])
    assert plain(written) == {"tuning": {"stale": 100}, "editing": {"weights": {"swap": 0}}, "parents": "dgm"}


def test_a_table_and_names_with_dots_add_up_in_either_order() -> None:
    table, dotted = ('tuning={"stale": 100}', "tuning.share=0.2")
    for written in ([table, dotted], [dotted, table]):
        assert plain(assigned(written)) == {"tuning": {"stale": 100, "share": 0.2}}


@pytest.mark.parametrize("written", ["parents", "=dgm", "a..b=1", ".a=1", "a.=1", ""])
def test_what_is_no_name_and_value_is_refused(written: str) -> None:
    with pytest.raises(BadInput, match="NAME=VALUE"):
        assigned([written])


def test_an_option_given_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="twice"):
        assigned(["islands=1", "islands=2"])


def test_a_name_that_reaches_into_no_table_is_refused() -> None:
    with pytest.raises(BadInput, match="no table"):
        plain({"islands": "1", "islands.of": "2"})


def test_an_arm_is_an_improver_and_options_behind_colons() -> None:
    assert arm_of("mutate:editing.weights.swap=0:islands=1") == (
        "mutate",
        {"editing.weights.swap": "0", "islands": "1"},
    )


def test_the_controls_take_the_same_options_of_editing() -> None:
    asked = brief("def f(x):\n    return x + 1\n", "arithmetic")
    for made in (Mutate, BestOfN):
        assert made(asked, Memory(), **{"editing.weights.swap": "0"})
        with pytest.raises(BadInput, match="swop"):
            made(asked, Memory(), **{"editing.weights.swop": "0"})
        with pytest.raises(BadInput, match="unknown field"):
            made(asked, Memory(), **{"edditing.more": "0"})
