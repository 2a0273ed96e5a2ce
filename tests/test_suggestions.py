"""A slip in task.toml is answered with what was meant."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ryumon.errors import TaskError
from ryumon.suggestions import closest
from ryumon.task import read_task
from tests.conftest import TOML

Make = Callable[..., Path]
SLIPS = {
    "a misspelt field": (('budget = "40ev"', 'budgett = "40ev"'), "did you mean 'budget'?"),
    "a misspelt limit": (("cpu_s", "cpu_sec"), "did you mean 'cpu_s'?"),
    "a misspelt stage": (("keep", "keeps"), "did you mean 'keep'?"),
    "a limit outside of its table": (('budget = "40ev"', "memory_mb = 5"), "did you mean 'memory_mb' in [limits]?"),
    "a field inside of a table": (("cpu_s = 1.0", "cpu_s = 1.0\nworst_score = 1.0"), "did you mean 'worst_score', out"),
    "nothing like it": (('budget = "40ev"', "zzz = 1"), "; there is name, direction"),
    "a direction in other words": (('"minimize"', '"minimise"'), "use maximize or minimize"),
}


@pytest.mark.parametrize("what", SLIPS)
def test_a_slip_in_task_toml_is_answered_with_what_was_meant(tiny: Make, what: str) -> None:
    (old, new), said = SLIPS[what]
    assert old in TOML
    with pytest.raises(TaskError) as raised:
        read_task(tiny(toml=TOML.replace(old, new)))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_name_unlike_all_others_is_answered_with_the_list() -> None:
    assert closest("alchemy", ["arithmetic", "list"]) == "; there is arithmetic, list"
    assert closest("arithmetics", ["arithmetic", "list"]) == "; did you mean 'arithmetic'?"
