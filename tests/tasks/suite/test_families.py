"""Every family of the suite: figures that can be recomputed, fresh cases, one result on both paths."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from benchmarks.references.direct import Direct
from benchmarks.references.figures import FIGURE_SEEDS, REFERENCES, reference_of, scores, seed_of, task_of

from ryumon.errors import BadInput
from ryumon.evaluation.claims import InvalidClaim
from ryumon.improvers.mutate.vocabularies import vocabulary
from ryumon.sandbox.guest.codec import encode
from ryumon.supervisor import find_task
from ryumon.task import SPLITS, read_task
from ryumon.tasks.suite import GROUPS, Family, every_family, families
from ryumon.testing.inprocess import InProcess

TEST_SEED = 12345
EVERY = pytest.mark.parametrize("family", every_family(), ids=lambda family: family.name)


def first_scores(family: Family, program: Any, count: int) -> list[float]:
    """Returns the scores of the first train cases."""
    task = task_of(family)
    return [task.evaluate(program, case).score for case in task.cases("train", TEST_SEED)[:count]]


def replacing(family: Family, answer: Callable[..., Any]) -> Direct:
    """Returns the seed program with `answer(honest, *args)` in the place of its function."""
    honest = seed_of(family).function
    return Direct(family.folder, function=lambda *args: answer(honest, *args))


def test_groups_are_fixed_disjoint_and_complete() -> None:
    assert {group: len(families(group)) for group in GROUPS} == {"train": 6, "validation": 3, "sealed": 3}
    assert sorted(f.name for group in GROUPS for f in families(group)) == sorted(REFERENCES)


def test_a_group_that_is_not_there_is_no_empty_one() -> None:
    with pytest.raises(BadInput, match="there is: train, validation, sealed"):
        families("training")  # type: ignore[arg-type]


def test_a_gain_is_0_for_the_seed_and_1_at_the_references_distance_in_either_direction() -> None:
    for seed, reference in ((0.5, 0.25), (0.25, 0.5)):
        family = Family("f", "train", seed, reference, "", "")
        assert family.gain(0.75, 0.75) == 0
        assert family.gain(0.75, 0.75 + reference - seed) == 1
        assert family.gain(0.75, 0.75 + seed - reference) == -1


@EVERY
def test_a_family_is_a_task_that_is_found_by_name(family: Family) -> None:
    folder = read_task(find_task(family.name))
    assert folder.spec.name == family.name
    assert folder.path == family.folder
    assert folder.spec.reuse
    assert folder.brief
    assert vocabulary(folder.spec.vocabulary)


@EVERY
def test_cases_are_the_same_for_a_seed_and_differ_between_splits_and_seeds(family: Family) -> None:
    task = task_of(family)
    drawn = [encode([case.data]) for seed in (0, 1, 2**50) for split in SPLITS for case in task.cases(split, seed)]
    assert len(set(drawn)) == len(drawn)
    assert [encode([case.data]) for case in task.cases("train", 0)] == drawn[: len(task.cases("train", 0))]


@EVERY
def test_stored_figures_are_what_seed_and_reference_score(family: Family) -> None:
    for stored, program in ((family.seed, seed_of(family)), (family.reference, reference_of(family))):
        found = np.mean([scores(family, program, seed).mean() for seed in FIGURE_SEEDS])
        assert found == pytest.approx(stored, rel=1e-3, abs=1e-4)


@EVERY
def test_on_fresh_cases_the_reference_gains_about_1(family: Family) -> None:
    seed, reference = (scores(family, program, TEST_SEED).mean() for program in (seed_of(family), reference_of(family)))
    assert family.gain(seed, reference) == pytest.approx(1, abs=0.4)


@EVERY
def test_both_paths_give_the_seed_one_result(family: Family) -> None:
    seed = read_task(family.folder).seed
    driven, strict = (first_scores(family, InProcess(seed, family.folder, strict=s), 1) for s in (False, True))
    assert np.isfinite(driven).all()
    assert driven == strict


@EVERY
def test_a_program_cannot_alter_what_its_driver_goes_by(family: Family) -> None:
    def vandal(honest: Callable[..., Any], *args: Any) -> Any:
        answer = np.copy(honest(*args)) if isinstance(args[0], np.ndarray | int) else honest(*args)
        for argument in args:
            if isinstance(argument, np.ndarray):
                argument[...] = 1
        return answer

    if read_task(family.folder).drivers is not None:
        expected = first_scores(family, seed_of(family), 2)
        assert first_scores(family, replacing(family, vandal), 2) == expected


@EVERY
@pytest.mark.parametrize(
    "answer",
    [
        lambda honest, *args: None,
        lambda honest, *args: "1",
        lambda honest, *args: [1.0],
        lambda honest, *args: honest(*args) * np.nan,
        lambda honest, *args: honest(*args) + np.inf,
        lambda honest, *args: honest(*args) + 0j,
        lambda honest, *args: np.append(honest(*args), [0.0, 0.0]),
        lambda honest, *args: np.array([[honest(*args)]]),
    ],
    ids=["nothing", "a word", "a list", "NaN", "infinite", "complex", "too long", "nested"],
)
def test_an_answer_that_is_no_finite_number_for_each_place_never_scores(family: Family, answer: Any) -> None:
    with pytest.raises((ValueError, InvalidClaim)), np.errstate(all="ignore"):
        first_scores(family, replacing(family, answer), 1)
