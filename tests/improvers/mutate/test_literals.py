import numpy as np
import pytest

from ryumon.improvers.mutate.language import language
from ryumon.improvers.mutate.literals import Literals, literals
from ryumon.improvers.mutate.syntax import parse
from ryumon.improvers.mutate.view import View
from ryumon.improvers.mutate.vocabularies import vocabulary

TEXT = """A = -2.5
TABLE = [(0.5, 1e-3), (-4.0, 0.25), (7, 8), (1.0, 0.0)]


def f(values: list) -> float:
    total = A
    for i in range(10):
        total += 2 * values[3] - 0.25 + values[i + 1]
    return total
"""


def groups(text: str, most: int = 100) -> list[Literals]:
    source = parse(text, language("python").name)
    assert source is not None
    return literals(View(source, vocabulary("arithmetic")), most)


def test_a_table_is_a_group_and_indices_and_counts_are_in_none() -> None:
    table, rest = groups(TEXT)
    assert table.values.tolist() == [0.5, 1e-3, -4.0, 0.25, 7.0, 8.0, 1.0, 0.0]
    assert rest.values.tolist() == [-2.5, 2.0, 0.25]


def test_a_group_has_so_many_numbers_at_most() -> None:
    assert [len(group.values) for group in groups(TEXT, most=3)] == [3, 3, 2, 3]


def test_no_numbers_no_group() -> None:
    assert groups("def f(x):\n    return x[0] + 1j\n") == []


@pytest.mark.parametrize("size", [0.0, 0.01, 1.0, 30.0])
def test_what_was_written_is_read_back_and_parses(size: float) -> None:
    for group in groups(TEXT):
        steps = size * np.random.default_rng(3).standard_normal(len(group.values))
        text = group.write(steps, np.full(len(steps), 0.01))
        read = group.read(text)
        assert read is not None
        assert np.abs(read - steps)[~group.whole] == pytest.approx(0, abs=0.01 * max(size, 1))
        assert parse(text, "python") is not None


def test_a_whole_number_stays_whole_and_not_below_zero() -> None:
    _, rest = groups(TEXT)
    assert "0 * values[3]" in rest.write(np.array([0.0, -5.0, 0.0]), np.ones(3))
    assert "4 * values[3]" in rest.write(np.array([0.0, 0.6, 0.0]), np.ones(3))


def test_a_real_number_stays_real() -> None:
    assert "A = 3.0\n" in groups("A = 2.0\n\n\ndef f(x):\n    return A // x\n")[0].write(np.array([0.5]), np.ones(1))


def test_another_text_is_not_read() -> None:
    table, _ = groups(TEXT)
    assert table.read(TEXT.replace("0.5", "x")) is None
    assert table.read(TEXT.replace("return total", "return -total")) is None
    assert table.read(TEXT + "x = 1\n") is None


def test_a_text_that_was_written_is_tuned_further() -> None:
    group = groups("A = 2.0\n\n\ndef f(x):\n    return A - x\n")[0]
    below = group.write(np.array([-2.0]), np.ones(1))
    assert "A = (-2.0)\n" in below
    again = groups(below)[0]
    assert (again.skeleton, again.values.tolist()) == (group.skeleton, [-2.0])


def test_digits_follow_the_deviation() -> None:
    group = groups("A = 1.0\n")[0]
    step = np.array([0.123456789012])
    assert group.write(step, np.array([0.1])) == "A = 1.123\n"
    assert group.write(step, np.array([1e-6])) == "A = 1.12345679\n"
