"""What a comparison says of runs, and which runs it refuses to compare."""

import math
from pathlib import Path
from typing import Any

import pytest

from ryumon.comparison.arms import grouped, histories
from ryumon.comparison.compared import Comparison, compared
from ryumon.errors import BadInput, StoreError
from ryumon.pages.comparison import comparison_page
from ryumon.store import SqlStore
from tests.runs import made_run

FLAT: list[float | None] = [4.0, 4.0, 4.0, 4.0, 4.0]


def two_arms(store: SqlStore, seeds: int, gain: float = 1.0, **settings: Any) -> Comparison:
    """Returns the comparison of an arm that falls by `gain` at once with one that never does, test likewise."""
    names = []
    for seed in range(seeds):
        start = 4.0 + seed
        made_run(store, f"a{seed}", [start, start - gain, start, start, start], start - gain, seed=seed, **settings)
        made_run(store, f"b{seed}", [start] * 5, start, seed=seed, improver="random", **settings)
        names += [f"a{seed}", f"b{seed}"]
    return compared(grouped(histories(store, names)))


def test_an_arm_that_is_always_better_is_improved_by_every_measure(store: SqlStore) -> None:
    found = two_arms(store, 8)
    assert [arm.name for arm in found.arms] == ["mutate", "random"]
    assert [(c.outcome, c.pairs, c.better) for c in found.contrasts] == [
        (outcome, 8, 1.0) for outcome in ("test", "area", "cpu_area")
    ]
    test, area, cpu_area = found.contrasts
    assert test.difference == pytest.approx(-1.0)
    assert area.difference == pytest.approx(-3 / 4)  # found by the first of four evaluations
    assert cpu_area.difference == pytest.approx(-3 / 5)  # that is at the second of five CPU seconds
    assert {c.p for c in found.contrasts} == {2 / 256}
    assert {c.p_holm for c in found.contrasts} == {3 * 2 / 256}
    assert {c.verdict for c in found.contrasts} == {"improved"}
    assert found.notes == []


def test_to_be_lower_is_worse_where_the_task_maximizes(store: SqlStore) -> None:
    found = two_arms(store, 8, gain=-1.0)
    assert {c.verdict for c in found.contrasts if c.outcome == "test"} == {"regressed"}


def test_holm_takes_the_verdict_from_what_passes_only_alone(store: SqlStore) -> None:
    found = two_arms(store, 6)
    assert {c.p for c in found.contrasts} == {2 / 64}
    assert {c.verdict for c in found.contrasts} == {"no evidence"}
    assert any("with 7 they can" in note for note in found.notes)


def test_pairing_looks_at_each_seed_by_itself(store: SqlStore) -> None:
    found = two_arms(store, 8, gain=0.001)  # seeds differ by 1, arms by a thousandth
    assert found.contrasts[0].verdict == "improved"
    assert found.contrasts[0].ci95 == pytest.approx((-0.001, -0.001))


def test_a_champion_that_failed_on_test_loses_and_has_no_mean(store: SqlStore) -> None:
    for seed in range(8):
        made_run(store, f"a{seed}", FLAT, None if seed == 0 else 4.0, seed=seed)
        made_run(store, f"b{seed}", FLAT, None if seed < 2 else 4.0, seed=seed, improver="random")
    arms = grouped(histories(store, store.runs()))
    found = compared(arms)
    test = found.contrasts[0]
    assert (test.difference, test.ci95) == (None, None)
    assert test.better == (1 + 7 * 0.5) / 8
    assert not math.isnan(test.p)
    assert found.arms[0].test.mean is None
    assert any("failed on test" in note for note in found.notes)
    assert "inf" not in comparison_page(arms, found).split("</style>")[1].replace("infer", "")


def test_a_verdict_that_could_be_forged_is_never_improved(store: SqlStore) -> None:
    found = two_arms(store, 8, unseparated=True)
    assert {c.verdict for c in found.contrasts} == {"no evidence"}
    assert any("forge" in note for note in found.notes)


def test_what_the_figures_rest_on_is_said(store: SqlStore) -> None:
    made_run(store, "a0", FLAT, test_seed=1)
    made_run(store, "a1", FLAT, seed=1, reason="exhausted")
    made_run(store, "b0", FLAT, test_seed=2, improver="random", version="2")
    notes = compared(grouped(histories(store, store.runs()))).notes
    for said in ("tested on different cases", "seed 1 has no partner", "different versions", "no new program"):
        assert sum(said in note for note in notes) == 1, said


def test_arms_with_one_improver_are_told_apart_by_what_differs(store: SqlStore) -> None:
    made_run(store, "a", FLAT)
    made_run(store, "b", FLAT, lookahead=4, options={"islands": "1"})
    made_run(store, "c", FLAT, improver="random")
    arms = grouped(histories(store, ["c", "a", "b"]))
    assert [arm.name for arm in arms] == ["random", "mutate lookahead=8", "mutate lookahead=4 islands=1"]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another task": ({"task": "other"}, "differ in task: made and other"),
    "a changed task": ({"task_digest": "e2" * 32}, "differ in version of the task"),
    "another direction": ({"direction": "maximize"}, "differ in direction"),
    "another budget": ({"budget": "5ev"}, "differ in budget: 4ev and 5ev"),
    "another number of repeats": ({"repeats": 2}, "differ in number of repeats"),
    "no common seed": ({"seed": 3}, "no seed in common"),
    "the same arm": ({"improver": "mutate", "seed": 3}, "of one arm"),
    "the same run again": ({"improver": "mutate"}, "same arm and seed"),
    "no verdict": ({"finished": False}, "no verdict yet"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_comparable_is_refused_in_one_line(store: SqlStore, what: str) -> None:
    settings, said = REFUSED[what]
    made_run(store, "a", FLAT)
    made_run(store, "b", FLAT, **{"improver": "random", **settings})
    with pytest.raises(BadInput, match=said) as refused:
        grouped(histories(store, ["a", "b"]))
    assert "\n" not in str(refused.value)


def test_runs_that_are_not_there_or_named_twice_are_refused(store: SqlStore) -> None:
    made_run(store, "a", FLAT)
    with pytest.raises(BadInput, match="no run 'x'"):
        histories(store, ["a", "x"])
    with pytest.raises(BadInput, match="twice"):
        histories(store, ["a", "a"])
    with pytest.raises(BadInput, match="name the runs"):
        grouped([])


def test_a_run_that_was_altered_is_not_compared(store: SqlStore, tmp_path: Path) -> None:
    import sqlite3

    made_run(store, "a", FLAT)
    made_run(store, "b", FLAT, improver="random")
    with sqlite3.connect(tmp_path / "store" / "store.db") as raw:
        raw.execute("UPDATE events SET time = time + 1 WHERE run = 'a' AND seq = 2")
    with pytest.raises(StoreError, match="event 2"):
        histories(store, ["a", "b"])
