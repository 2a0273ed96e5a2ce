from ryumon.improvers.mutate.novel import NovelOnly
from ryumon.program import Program
from tests.improvers.corpus import ARRAYS, Memory, brief

BRIEF = brief(ARRAYS, "numpy-elementwise")


def changed(before: str, after: str) -> Program:
    assert before in ARRAYS
    return BRIEF.seed.with_file("main.py", ARRAYS.replace(before, after))


def test_what_differs_in_one_number_is_alike_and_what_differs_in_much_is_not() -> None:
    novel = NovelOnly(BRIEF, Memory(), 0.8)
    assert not novel.seen(BRIEF.seed)
    novel.tell(BRIEF.seed)
    assert novel.seen(BRIEF.seed)
    assert novel.seen(changed("gap > 3", "gap > 4"))
    assert not novel.seen(changed("-np.where(gap > 3, gap ** 2, 0.5 * np.abs(gap))", "bins"))


def test_comments_make_nothing_new_and_a_threshold_of_one_forbids_only_the_same() -> None:
    novel = NovelOnly(BRIEF, Memory(), 1.0)
    novel.tell(BRIEF.seed)
    assert novel.seen(changed("  # what is left", "  # a gap"))
    assert not novel.seen(changed("gap > 3", "gap > 4"))


def test_what_was_proposed_before_stays_known_and_what_does_not_parse_is_taken_as_it_is() -> None:
    assert NovelOnly(BRIEF, Memory(BRIEF.seed), 1.0).seen(BRIEF.seed)
    novel = NovelOnly(BRIEF, Memory(), 1.0)
    broken = BRIEF.seed.with_file("main.py", "def (")
    novel.tell(broken)
    assert novel.seen(broken)
    assert not novel.seen(BRIEF.seed)
