"""Marked blocks: what lies outside them is fixed, whoever proposes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryumon.blocks import blocks, fixed
from ryumon.program import Program, outside

MARKED = "a = 1\n# EVOLVE-BLOCK-START\nb = 2\n# EVOLVE-BLOCK-END\nc = 3\n# EVOLVE-BLOCK-START x\nd = 4\n"
lines = st.text(st.characters(exclude_characters="\r\n"), max_size=9).filter(lambda line: "EVOLVE" not in line)
bodies = st.lists(lines, max_size=4).map(lambda found: "".join(f"{line}\n" for line in found))


def changed(text: str, seed: str = MARKED) -> list[str]:
    return outside(Program({"f.py": text, "e.py": ""}), Program({"f.py": seed, "e.py": ""}), ("f.py",))


@given(bodies, bodies, bodies, bodies)
def test_what_is_inside_may_be_anything_and_outside_nothing_else(a: str, b: str, c: str, d: str) -> None:
    def text(before: str, inside: str) -> str:
        return f"{before}# EVOLVE-BLOCK-START\n{inside}# EVOLVE-BLOCK-END\nend\n"

    assert changed(text(a, b), text(a, c)) == []
    assert changed(text(d, b), text(a, b)) == ([] if a == d else ["f.py"])


@pytest.mark.parametrize(
    "text",
    [
        MARKED.replace("a = 1", "a = 9"),
        MARKED.replace("c = 3", "c = 9"),
        MARKED.replace("# EVOLVE-BLOCK-END\n", ""),
        MARKED.replace("b = 2\n", "b = 2\n# EVOLVE-BLOCK-END\n# EVOLVE-BLOCK-START\n"),
        MARKED.replace("START x", "START y"),
        "",
    ],
)
def test_a_fixed_line_a_marker_moved_or_added_is_a_change(text: str) -> None:
    assert changed(text) == ["f.py"]


def test_a_file_without_markers_is_open_as_a_whole_and_other_files_stay_closed() -> None:
    assert fixed("a\n") is None
    assert blocks(b"a\n") == []
    assert changed("anything\n", "a\n") == []
    assert outside(Program({"f.py": "a", "g.py": "b"}), Program({"f.py": "a", "g.py": "c"}), ("f.py",)) == ["g.py"]
