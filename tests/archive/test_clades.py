"""What is counted of a clade as it grows is what a look through all descendants finds."""

from collections.abc import Sequence
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from ryumon.archive import Archive
from ryumon.archive.clades import GENERATIONS
from ryumon.score import Direction
from ryumon.testing.members import calls
from tests.archive.populations import evaluation, program


def grown(direction: Direction, told: Sequence[tuple[int, float | None]]) -> Archive:
    """Returns an archive of programs, each (position of its parent, score or None)."""
    archive = Archive(direction)
    for index, (parent, score) in enumerate(told):
        parents = (program(str(parent % index)).id,) if index else ()
        archive.add(evaluation(str(index), index, score, parents=parents))
    return archive


def by_looking(archive: Archive, count: int) -> dict[str, tuple[int, int]]:
    """Returns the successes and failures of every clade by walking up from every program."""
    entries = [archive[program(str(index)).id] for index in range(count)]
    found = {entry.id: [0, 0] for entry in entries}
    for entry in entries:
        line = [entry]
        while line[-1].parents and len(line) <= GENERATIONS:
            line.append(archive[line[-1].parents[0]])
        for ancestor in line:
            found[ancestor.id][not entry.succeeded] += 1
    return {id: (wins, losses) for id, (wins, losses) in found.items()}


@settings(max_examples=50)
@given(
    st.sampled_from(["minimize", "maximize"]),
    st.lists(st.tuples(st.integers(0, 99), st.none() | st.integers(-3, 3).map(float)), min_size=1, max_size=40),
    st.sets(st.integers(0, 39)),
)
def test_clades_are_what_a_look_through_all_finds(direction, told, barred) -> None:  # type: ignore[no-untyped-def]
    archive = grown(direction, told)
    ids = tuple(program(str(index)).id for index in sorted(barred))
    archive.add(evaluation("last", len(told), barred=ids))
    archive.add(evaluation("again", len(told) + 1, barred=ids))
    counted = {id: (archive[id].clade_wins, archive[id].clade_losses) for id in by_looking(archive, len(told))}
    assert counted == by_looking(archive, len(told))
    assert not any(archive[id].succeeded for id in ids if archive.get(id) is not None)


def test_a_clade_is_cut_off_after_its_nearest_generations() -> None:
    count = GENERATIONS + 10
    archive = grown("minimize", [(index - 1, 1.0) for index in range(count)])
    first = archive[program("0").id]
    assert first.clade_wins == GENERATIONS + 1
    assert by_looking(archive, count)[first.id] == (GENERATIONS + 1, 0)


def test_success_is_no_worse_than_the_recent_median_in_the_direction_of_the_task() -> None:
    expected: dict[Direction, list[bool]] = {
        "minimize": [True, True, False, True],
        "maximize": [True, False, True, True],
    }
    for direction, outcomes in expected.items():
        archive = grown(direction, [(0, 3.0), (0, 1.0), (0, 5.0), (0, 3.0)])
        assert [archive[program(str(index)).id].succeeded for index in range(4)] == outcomes


def test_the_standard_is_that_of_the_last_64_programs_that_ran() -> None:
    archive = grown("minimize", [(0, 0.0)] * 64 + [(0, 5.0)] * 64 + [(0, 5.0)])
    assert not archive[program("70").id].succeeded
    assert archive[program("128").id].succeeded


def test_programs_that_name_each_other_as_parents_are_no_endless_line() -> None:
    archive = Archive("minimize")
    archive.add(evaluation("a", 0, 1.0, parents=(program("b").id,)))
    archive.add(evaluation("b", 1, 1.0, parents=(program("a").id,)))
    archive.add(evaluation("c", 2, 1.0, parents=(program("c").id,)))
    assert [archive[program(name).id].clade_wins for name in "abc"] == [2, 1, 1]


def test_an_insertion_costs_the_same_however_many_programs_there_are() -> None:
    archive = Archive("minimize")
    costs = []
    for index in range(4_000):
        told = evaluation(str(index), index, float(-index), parents=(program(str(index - 1)).id,) if index else ())
        costs.append(calls(partial(archive.add, told)))
    assert max(costs[2_000:]) <= max(costs[100:2_000])


def test_barring_the_best_again_and_again_looks_at_each_program_once() -> None:
    archive = Archive("minimize")
    for index in range(3_000):
        archive.add(evaluation(str(index), index, float(index)))

    barring = [evaluation(f"x{index}", index, barred=(program(str(index)).id,)) for index in range(2_000)]
    assert max(calls(partial(archive.add, told)) for told in barring) < 400
    assert archive.best is not None
    assert archive.best.id == program("2000").id
