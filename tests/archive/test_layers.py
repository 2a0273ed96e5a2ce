import pytest

from ryumon.archive import Archive, Layers, Member, member_of
from ryumon.archive.populations.ranked import Ranked
from ryumon.errors import BadInput
from tests.archive.populations import evaluation, program


def layers(count: int = 3, gap: int = 10, capacity: int = 4) -> Layers:
    return Layers("minimize", lambda: Ranked("minimize", capacity), count, gap)


def names(made: Layers, level: int) -> list[str]:
    return [held.program.files["a.py"][5:-2] for held in made.held(level)]


def line(archive: Archive, name: str, index: int, score: float, parent: str) -> Member:
    """Returns a member of the archive, told as the child of `parent`."""
    made = evaluation(name, index, score, parents=(program(parent).id,))
    entry = archive.add(made)
    assert entry is not None
    return member_of(made, program(name), entry, score)


def told(count: int) -> tuple[Archive, Layers]:
    """Returns an archive with the seed at index −1, and layers after `count` tells."""
    archive, made = Archive("minimize"), layers()
    archive.add(evaluation("seed", -1, 9.0))
    for index in range(count):
        made.tick(index)
    return archive, made


def test_a_child_of_the_seed_begins_a_line_and_others_continue_the_oldest() -> None:
    archive = Archive("minimize")
    archive.add(evaluation("seed", -1, 1.0))
    archive.add(evaluation("a", 3, 1.0, parents=(program("seed").id,)))
    archive.add(evaluation("b", 7, 1.0, parents=(program("seed").id,)))
    archive.add(evaluation("c", 9, 1.0, parents=(program("b").id, program("a").id)))
    assert [archive[program(name).id].origin for name in ("seed", "a", "b", "c")] == [-1, 3, 7, 3]


def test_a_program_goes_to_the_layer_of_its_lines_age() -> None:
    archive = Archive("minimize")
    archive.add(evaluation("seed", -1, 9.0))
    made = layers()
    young = line(archive, "young", 0, 5.0, "seed")
    for index in range(9):
        made.tick(index)
    made.admit(young)
    assert names(made, 0) == ["young"]
    made.tick(9)
    made.tick(10)
    made.tick(11)
    old = line(archive, "old", 12, 4.0, "young")
    made.admit(old)
    assert names(made, 1)[0] == "old"


def test_who_grows_too_old_moves_up_and_the_last_layer_has_no_limit() -> None:
    archive, made = told(0)
    made.everywhere(line(archive, "a", 0, 5.0, "seed"))
    seen = []
    for index in range(60):
        made.tick(index)
        seen.append([level for level in range(3) if names(made, level)])
    assert seen[5] == [0]
    assert seen[15] == [1]
    assert seen[-1] == [2]


def test_the_bottom_layer_begins_again_after_every_gap() -> None:
    archive, made = told(8)
    made.admit(line(archive, "late", 8, 5.0, "seed"))
    made.tick(8)
    assert names(made, 0) == ["late"]
    made.tick(9)
    assert names(made, 0) == []
    assert names(made, 1) == ["late"]
    assert made.of(0).members == []


def test_parents_come_from_a_layer_and_the_one_below_best_first() -> None:
    archive, made = told(0)
    made.admit(line(archive, "a", 0, 5.0, "seed"))
    made.tick(9)
    made.admit(line(archive, "b", 10, 7.0, "seed"))
    made.admit(line(archive, "c", 11, 3.0, "seed"))
    assert [held.score for held in made.of(1).members] == [3.0, 5.0, 7.0]
    assert [held.score for held in made.of(0).members] == [3.0, 7.0]


def test_whom_a_better_one_displaces_is_offered_to_the_next_layer() -> None:
    archive, made = told(0)
    for index, name in enumerate("abcde"):
        made.admit(line(archive, name, index, float(9 - index), "seed"))
    assert names(made, 0) == ["e", "d", "c", "b"]
    assert names(made, 1) == ["a"]


def test_what_is_removed_is_gone_from_every_layer() -> None:
    archive, made = told(0)
    held = line(archive, "a", 0, 5.0, "seed")
    made.admit(held)
    made.of(2).remove(held.entry.id)
    assert not any(names(made, level) for level in range(3))


def test_layers_without_a_gap_are_refused() -> None:
    with pytest.raises(BadInput, match="at least 1"):
        layers(gap=0)
