import pytest

from ryumon.improvers.normal import normal_form
from ryumon.program import Program

BASE = "def f(a, b):\n    c = a + b\n    d = c * 2\n    return c - d\n"

SAME = {
    "comments": "# why\ndef f(a, b):\n    c = a + b  # sum\n    d = c * 2\n    return c - d\n",
    "docstrings": '"""Module."""\ndef f(a, b):\n    """Doc."""\n    c = a + b\n    d = c * 2\n    return c - d\n',
    "layout": "def f(a,b) :\n\n  c = (a\n     + b)\n  d = c*2; return c-d\n",
    "parentheses": "def f(a, b):\n    c = (a + b)\n    d = ((c) * 2)\n    return (c - d)\n",
    "local names": "def f(a, b):\n    x = a + b\n    c = x * 2\n    return x - c\n",
}
DIFFERENT = {
    "parameters": "def f(b, a):\n    c = a + b\n    d = c * 2\n    return c - d\n",
    "names of parameters": "def f(p, b):\n    c = p + b\n    d = c * 2\n    return c - d\n",
    "locals exchanged": "def f(a, b):\n    c = a + b\n    d = c * 2\n    return d - c\n",
    "grouping": "def f(a, b):\n    c = a + b\n    d = c * 2\n    return -(c - d)\n",
    "a number": "def f(a, b):\n    c = a + b\n    d = c * 3\n    return c - d\n",
}


def form(text: str) -> bytes:
    return normal_form(Program({"main.py": text}), "python")


@pytest.mark.parametrize("what", SAME)
def test_what_does_not_change_behaviour_does_not_change_the_form(what: str) -> None:
    assert form(SAME[what]) == form(BASE)


@pytest.mark.parametrize("what", DIFFERENT)
def test_what_may_change_behaviour_changes_the_form(what: str) -> None:
    assert form(DIFFERENT[what]) != form(BASE)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("def f():\n    a = 1\n    return locals()\n", "def f():\n    b = 1\n    return locals()\n"),
        ("def f():\n    a = 1\n    return f'{a=}'\n", "def f():\n    b = 1\n    return f'{b=}'\n"),
        ("def f():\n    global a\n    a = 1\n", "def f():\n    global b\n    b = 1\n"),
        ("def f(s):\n    return [a for a in s] + a\n", "def f(s):\n    return [b for b in s] + b\n"),
        (
            "def f():\n    a = 1\n    def g(a): return a\n    return g(a=a)\n",
            "def f():\n    b = 1\n    def g(b): return b\n    return g(a=b)\n",
        ),
        ("def f(x):\n    y = 1\n    return x.y + y\n", "def f(x):\n    z = 1\n    return x.z + z\n"),
        ('def f():\n    """A"""\n    return f.__doc__\n', 'def f():\n    """B"""\n    return f.__doc__\n'),
        ("x = (1,)\n", "x = (1)\n"),
        ("x = (a < b) < c\n", "x = a < b < c\n"),
        ("x = (-1) ** 2\n", "x = -1 ** 2\n"),
        ("x = 'a\\n1\\nb'\n", "x = 'a'\n"),
    ],
)
def test_names_that_a_program_can_observe_keep_programs_apart(first: str, second: str) -> None:
    assert form(first) != form(second)


@pytest.mark.parametrize(
    "text",
    ["def f(:\n", "x = " + "(" * 300 + "1" + ")" * 300, "x = 1\n" * 60_000, "x = '\udc80'", "\0"],
    ids=["broken", "deep", "large", "surrogate", "nul"],
)
def test_text_that_cannot_be_parsed_is_digested_as_it_stands(text: str) -> None:
    assert form(text) == form(text)
    assert form(text) != form(text + " ")


def test_paths_and_files_of_other_kinds_count() -> None:
    forms = {
        normal_form(Program(files), "python")
        for files in ({"a.py": "x = 1"}, {"b.py": "x = 1"}, {"a.txt": "x = 1"}, {"a.txt": "x  = 1"})
    }
    assert len(forms) == 4


def test_a_language_without_a_table_is_compared_as_text() -> None:
    one, two = Program({"a.py": "x = 1"}), Program({"a.py": "x  = 1"})
    assert normal_form(one, "cobol") != normal_form(two, "cobol")
