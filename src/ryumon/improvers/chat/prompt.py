"""What a prompt asks for: which program to edit, which others are there to graft from, in what form to answer.

Understands the prompts of OpenEvolve 0.4 and ShinkaEvolve 0.0.7, and any that holds the program in a fenced block.
"""

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from ryumon.blocks import END, START

Form = Literal["diff", "full"]
_FENCE = re.compile(r"[ \t]*```[ \t]*([A-Za-z0-9+#_.-]*)[ \t]*\r?$")
_HEADING = re.compile(r"[ \t]*#.*\b(?:current|incorrect) program\b", re.IGNORECASE)
_DIFF = re.compile(r"^[ \t]*<{7} ?SEARCH[ \t]*\r?$", re.MULTILINE)
_LANGUAGES = ("", "python", "py", "python3")


class Message(msgspec.Struct, frozen=True):
    """One turn of a chat, its parts joined to one text."""

    role: str
    text: str


class Fenced(msgspec.Struct, frozen=True):
    """A fenced block: its text, and whether it is the first below a heading that calls it the current program."""

    text: str
    current: bool


class Wanted(msgspec.Struct, frozen=True):
    """What is asked for. `programs` are the likeliest first; `certain`: the first is named as the one to edit; `named`:
    with ShinkaEvolve's tags around the parts."""

    programs: tuple[str, ...]
    certain: bool
    form: Form
    named: bool


def wanted(messages: Sequence[Message]) -> Wanted:
    """Returns what a chat asks for, by its latest message of a user that holds fenced blocks.

    The program is the block below the last heading "Current Program"; else the last one with `EVOLVE-BLOCK` markers;
    else the last. A diff is wanted where the system or that user shows a line `<<<<<<< SEARCH`.
    """
    asked = [message.text for message in messages if message.role == "user"]
    shown = next((text for text in reversed(asked) if fenced(text)), asked[-1] if asked else "")
    blocks = fenced(shown) or _marked(shown)
    order = sorted(blocks, key=lambda block: (block.current, START.decode() in block.text), reverse=True)
    instructions = "\n".join([shown, *(turn.text for turn in messages if turn.role in ("system", "developer"))])
    return Wanted(
        programs=tuple(block.text for block in order),
        certain=bool(order) and order[0].current,
        form="diff" if _DIFF.search(instructions) else "full",
        named="<NAME>" in instructions,
    )


def _marked(text: str) -> list[Fenced]:
    """Returns the lines from the first `EVOLVE-BLOCK-START` to the last `EVOLVE-BLOCK-END` of a text without fences."""
    lines = text.split("\n")
    starts = [place for place, line in enumerate(lines) if START.decode() in line]
    ends = [place for place, line in enumerate(lines) if END.decode() in line]
    return [Fenced("\n".join(lines[starts[0] : ends[-1] + 1]) + "\n", True)] if starts and ends else []


def fenced(text: str) -> list[Fenced]:
    """Returns the fenced blocks of a text that may be Python, the last first; one that does not end is none."""
    found: list[Fenced] = []
    opened: list[str] | None = None
    may_be, current = False, False
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        if opened is None and fence is not None:
            opened, may_be = [], fence[1].lower() in _LANGUAGES
        elif opened is None:
            current = bool(_HEADING.match(line)) or (current and not line.lstrip().startswith("#"))
        elif fence is not None and not fence[1]:
            if may_be:
                found.append(Fenced("\n".join(opened) + "\n", current))
                current = False
            opened = None
        else:
            opened.append(line.removesuffix("\r"))
    return found[::-1]
