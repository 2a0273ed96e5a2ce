"""A prompt's program is found, edited once, and given back in the form that the prompt shows."""

import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ryumon.improvers.chat.answer import NOTHING, answered
from ryumon.improvers.chat.patch import search_replace
from ryumon.improvers.chat.prompt import Message, fenced, wanted
from ryumon.improvers.normal import normal_form
from ryumon.program import Program

PROGRAM = """import math


def score(x, n):
    y = 0.5 * x

    for i in range(n):
        y = y + math.sin(i) * 2

    if y > 3:
        y = y - 1

    return y
"""
MARKED = f"# EVOLVE-BLOCK-START\n{PROGRAM}# EVOLVE-BLOCK-END\n\n\ndef run(x):\n    return score(x, 3) * 7\n"
OTHER = "def other(a):\n    return a * 31 + 1\n"
SHOWN = "<<<<<<< SEARCH\n# as it is\n=======\n# as it shall be\n>>>>>>> REPLACE\n"
OPENEVOLVE = re.compile(r"<<<<<<< SEARCH\n(.*?)=======\n(.*?)>>>>>>> REPLACE", re.DOTALL)
SHINKA = re.compile(r"<{7}\s*SEARCH\s*\n(.*?)\n\s*={7}\s*\n(.*?)\n\s*>{7}\s*REPLACE\s*", re.DOTALL)
CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def asking(program: str, form: str, *, named: bool = False) -> list[Message]:
    """Returns a chat laid out as evolution systems lay theirs out: prior programs, the current one, the task."""
    system = "Answer with <NAME>, <DESCRIPTION> and the rest." if named else "Improve it."
    end = f"Show changes so:\n\n{SHOWN}" if form == "diff" else "All of it:\n\n```python\n# the new program here\n```\n"
    user = f"# History\n```python\n{OTHER}```\nScore 3\n\n# Current Program\n```python\n{program}```\n\n# Task\n{end}"
    return [Message("system", system), Message("user", user)]


def read(answer: str, program: str, pattern: re.Pattern[str]) -> str:
    """Returns what a system makes of SEARCH/REPLACE blocks: each must be found exactly once."""
    blocks = pattern.findall(answer)
    assert blocks, answer
    for search, new in blocks:
        assert program.count(search) == 1, answer
        program = program.replace(search, new)
    return program


@pytest.mark.parametrize("program", [PROGRAM, MARKED], ids=["plain", "marked"])
@pytest.mark.parametrize("seed", range(25))
def test_a_diff_applies_as_both_systems_read_it_and_changes_one_thing(program: str, seed: int) -> None:
    found = answered(asking(program, "diff"), seed, 0, "arithmetic")
    after = read(found.text, program, OPENEVOLVE)
    assert read(found.text, program, SHINKA) == after
    ast.parse(after)
    assert normal_form(Program({"a.py": after}), "python") != normal_form(Program({"a.py": program}), "python")
    assert after.split("# EVOLVE-BLOCK-END")[1:] == program.split("# EVOLVE-BLOCK-END")[1:]
    assert found.operator
    assert "EVOLVE" not in found.text


@pytest.mark.parametrize("seed", range(10))
def test_a_full_rewrite_is_the_whole_program_in_one_fence(seed: int) -> None:
    (code,) = CODE.findall(answered(asking(MARKED, "full"), seed, 0, "arithmetic").text)
    ast.parse(code)
    assert code.startswith("# EVOLVE-BLOCK-START\n")
    assert code.split("# EVOLVE-BLOCK-END")[1].strip() == MARKED.split("# EVOLVE-BLOCK-END")[1].strip()
    assert code.strip() != MARKED.strip()


def test_tags_are_given_where_they_are_asked_for() -> None:
    for form, tag in (("diff", "DIFF"), ("full", "CODE")):
        text = answered(asking(PROGRAM, form, named=True), 0, 0, "arithmetic").text
        for name in ("NAME", "DESCRIPTION", tag):
            assert text.count(f"<{name}>\n") == text.count(f"\n</{name}>") == 1
        assert "<NAME>" not in answered(asking(PROGRAM, form), 0, 0, "arithmetic").text


def test_the_same_request_gives_the_same_answer_and_another_another() -> None:
    chat = asking(PROGRAM, "full")
    texts = [answered(chat, seed, choice, "arithmetic").text for seed in range(6) for choice in range(2)]
    assert texts == [answered(chat, seed, choice, "arithmetic").text for seed in range(6) for choice in range(2)]
    assert len(set(texts)) > 8
    other = [Message("system", "Improve it!"), chat[1]]
    assert len({answered(other, seed, 0, "arithmetic").text for seed in range(6)} - set(texts)) > 3


def test_the_program_is_found_by_heading_then_markers_then_last() -> None:
    def first(text: str) -> str:
        return wanted([Message("user", text)]).programs[0]

    block = "```python\n{}```\n"
    assert first(f"# Current program\n{block.format(PROGRAM)}# More\n{block.format(OTHER)}") == PROGRAM
    assert first(block.format(MARKED) + block.format(OTHER)) == MARKED
    assert first(block.format(PROGRAM) + block.format(OTHER)) == OTHER
    assert (
        first(f"# Current program\nwords\n# Output\n{block.format(OTHER)}# Current program\n{block.format(PROGRAM)}")
        == PROGRAM
    )
    assert first(f"No fence here:\n{MARKED}") == MARKED.split("\n\n\ndef run")[0] + "\n"
    assert not wanted([Message("user", "```rust\nfn main() {}\n```\n```python\nnever closed")]).programs


def test_a_later_message_without_a_program_is_about_the_earlier_one() -> None:
    chat = [*asking(PROGRAM, "diff"), Message("assistant", "no"), Message("user", "That did not apply. Once more.")]
    found = answered(chat, 0, 0, "arithmetic").text
    assert read(found, PROGRAM, OPENEVOLVE) != PROGRAM
    assert found != answered(chat[:2], 0, 0, "arithmetic").text


def test_what_cannot_be_edited_is_said_and_a_diff_is_never_of_another_program() -> None:
    assert answered([Message("user", "Hello")], 0, 0, "arithmetic").text == NOTHING
    assert answered([], 0, 0, "arithmetic").text == NOTHING
    broken = PROGRAM.replace("for i in range(n):", "for i in")
    assert answered(asking(broken, "diff"), 0, 0, "arithmetic").text == NOTHING
    assert "other" in answered(asking(broken, "full"), 0, 0, "arithmetic").text


@pytest.mark.parametrize("seed", range(20))
def test_no_program_of_the_prompt_is_given_back(seed: int) -> None:
    """A function that returns its argument has nothing to edit, so another program is, and one edit leads back."""
    bare, longer = "def f(x):\n    return x\n", "def f(x):\n    y = x\n    return y\n"
    chat = [Message("user", f"```python\n{longer}```\n# Current program\n```python\n{bare}```\n")]
    for code in CODE.findall(answered(chat, seed, 0, "arithmetic").text):
        assert normal_form(Program({"a.py": code}), "python") not in {
            normal_form(Program({"a.py": text}), "python") for text in (bare, longer)
        }


def test_a_program_that_holds_the_marks_of_a_diff_is_given_in_full() -> None:
    program = 'RULE = """\n=======\n"""\n' + PROGRAM
    text = answered(asking(program, "diff"), 0, 0, "arithmetic").text
    assert CODE.search(text)


lines = st.lists(st.sampled_from(["", "    ", "a = 1", "b = 2", "    c = 3", "# EVOLVE-BLOCK-START"]), max_size=12)


@given(lines, lines)
@settings(max_examples=300)
def test_blocks_make_the_one_text_of_the_other_or_there_are_none(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old), "\n".join(new)
    blocks = search_replace(before, after)
    if blocks is not None:
        assert read(blocks, before, SHINKA) == after
        assert "EVOLVE" not in "".join(search for search, _ in SHINKA.findall(blocks))


@given(st.text(alphabet="`#ab \n\r", max_size=200))
def test_any_text_has_blocks_that_were_in_it(text: str) -> None:
    for block in fenced(text):
        assert block.text.removesuffix("\n") in text.replace("\r\n", "\n")
