import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ryumon.archive import Archive
from ryumon.errors import BadInput
from tests.archive.populations import evaluation, program


def test_the_best_follows_the_direction_of_the_task() -> None:
    for direction, best in (("minimize", "b"), ("maximize", "c")):
        archive = Archive(direction)  # type: ignore[arg-type]
        for index, (name, score) in enumerate((("a", 2.0), ("b", 1.0), ("c", 3.0))):
            archive.add(evaluation(name, index, score))
        assert archive.best is not None
        assert archive.best.id == program(best).id


def test_a_failed_program_is_recorded_and_never_best() -> None:
    archive = Archive("minimize")
    archive.add(evaluation("a", 0))
    assert archive.best is None
    assert archive[program("a").id].status == "error"


def test_a_score_beside_another_status_than_ok_does_not_count() -> None:
    archive = Archive("minimize")
    archive.add(evaluation("a", 0, 1.0, status="cpu_limit"))
    assert archive.best is None


def test_children_are_counted_once_a_parent() -> None:
    archive = Archive("minimize")
    archive.add(evaluation("a", -1, 1.0))
    parent = program("a").id
    archive.add(evaluation("b", 0, 1.0, parents=(parent, parent)))
    archive.add(evaluation("c", 1, parents=(parent,)))
    assert archive[parent].children == 2


def test_a_program_told_twice_is_recorded_once() -> None:
    archive = Archive("minimize")
    assert archive.add(evaluation("a", 0, 1.0)) is not None
    assert archive.add(evaluation("a", 1, 0.5)) is None
    assert len(archive) == 1


def test_what_made_no_program_is_not_recorded() -> None:
    archive = Archive("minimize")
    assert archive.add(evaluation("a", 0, program=None, status="no_program")) is None
    assert len(archive) == 0


def test_a_twin_stands_with_its_originals_score_and_is_never_best() -> None:
    archive = Archive("minimize")
    archive.add(evaluation("a", 0, 1.0))
    twin = archive.add(evaluation("b", 1, status="twin", twin=program("a").id))
    assert twin is not None
    assert archive.standing(twin) == 1.0
    assert archive.best is not None
    assert archive.best.id == program("a").id


def test_a_twin_of_what_never_scored_has_no_standing() -> None:
    archive = Archive("minimize")
    archive.add(evaluation("a", 0, status="dropped"))
    twin = archive.add(evaluation("b", 1, status="twin", twin=program("a").id))
    assert twin is not None
    assert archive.standing(twin) is None


def test_barring_the_best_makes_the_next_best() -> None:
    archive = Archive("minimize")
    for index, (name, score) in enumerate((("a", 1.0), ("b", 2.0))):
        archive.add(evaluation(name, index, score))
    archive.add(evaluation("c", 2, barred=(program("a").id,)))
    assert archive.best is not None
    assert archive.best.id == program("b").id


@given(
    st.sampled_from(["minimize", "maximize"]),
    st.lists(st.tuples(st.none() | st.integers(-3, 3), st.integers(0, 19)), max_size=20),
)
@example("minimize", [(1, 9), (2, 9), (3, 9), (4, 1), (5, 0)])
def test_the_best_is_what_a_look_through_all_finds(direction, told) -> None:  # type: ignore[no-untyped-def]
    archive = Archive(direction)
    for index, (score, barred) in enumerate(told):
        archive.add(evaluation(str(index), index, score, barred=(program(str(barred)).id,)))
        entries = [archive[program(str(number)).id] for number in range(index + 1)]
        sign = 1 if direction == "minimize" else -1
        left = [(sign * e.score, e.index) for e in entries if e.score is not None and not e.barred]
        assert (archive.best.index if archive.best is not None else None) == min(left, default=(0, None))[1]


def test_an_unknown_id_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="nobody"):
        Archive("minimize")["nobody"]
