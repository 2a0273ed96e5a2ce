"""A program's identity is its content, and its paths stay inside its folder."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryumon.errors import BadInput
from ryumon.program import Program, checked, read_program, write_program

names = st.from_regex(r"[a-z]{1,8}\.py", fullmatch=True)
files = st.dictionaries(names, st.text(max_size=50), min_size=1, max_size=4)


@given(files, files)
def test_ids_are_equal_exactly_where_contents_are(first: dict[str, str], second: dict[str, str]) -> None:
    assert (Program(first).id == Program(second).id) == (first == second)


def test_moving_text_between_files_changes_the_id() -> None:
    assert Program({"a.py": "xy", "b.py": ""}).id != Program({"a.py": "x", "b.py": "y"}).id


@pytest.mark.parametrize("path", ["/etc/passwd", "../up.py", "a/../../b", "", "a//b", "./a", "a\0b", "a/"])
def test_a_path_that_could_leave_the_folder_is_refused(path: str) -> None:
    with pytest.raises(BadInput):
        checked({path: ""})


def test_a_program_is_at_most_256_kilobytes() -> None:
    with pytest.raises(BadInput):
        checked({"a.py": "x" * 256_001})


def test_what_is_written_is_read_back_without_caches(tmp_path: Path) -> None:
    program = Program({"a.py": "x = 1\n", "package/b.py": "y = 2\n"})
    write_program(program, tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_bytes(b"\xff")
    (tmp_path / ".hidden").write_text("")
    assert read_program(tmp_path).id == program.id
