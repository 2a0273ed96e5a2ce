import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryumon.improvers.mutate.syntax import parse, splice


@given(st.binary(max_size=30), st.lists(st.integers(0, 30), min_size=4, max_size=4), st.text(max_size=5))
def test_a_splice_changes_its_ranges_alone(text: bytes, cuts: list[int], new: str) -> None:
    a, b, c, d = (min(cut, len(text)) for cut in sorted(cuts))
    changed = splice(text, [(c, d, new), (a, b, "")])
    assert changed == text[:a] + text[b:c] + new.encode() + text[d:]


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        splice(b"abcdef", [(0, 3, ""), (2, 4, "")])


@pytest.mark.parametrize("text", ["def f(:", "x = " + "(" * 250 + "1" + ")" * 250, "#" * 300_000])
def test_what_is_broken_deep_or_large_does_not_parse(text: str) -> None:
    assert parse(text, "python") is None


def test_ranges_are_bytes_and_texts_are_not() -> None:
    source = parse("ü = 'é'\nx = 1\n", "python")
    assert source is not None
    assert [source.of(node) for node in source.nodes if node.kind == "identifier"] == ["ü", "x"]
