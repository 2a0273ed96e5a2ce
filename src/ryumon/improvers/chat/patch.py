"""A change of text as SEARCH/REPLACE blocks that OpenEvolve's and ShinkaEvolve's readers apply exactly. Pure.

Each SEARCH occurs once in the text, begins and ends with lines that are not blank (ShinkaEvolve drops blank ones), and
holds no `EVOLVE-BLOCK` marker.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher

import msgspec

from ryumon.blocks import END, START

_MARKS = ("<<<<<<<", "=======", ">>>>>>>")
_CLOSED = (START.decode(), END.decode())


class Hunk(msgspec.Struct, frozen=True):
    """Lines `start` to `end` of the old text, and what takes their place."""

    start: int
    end: int
    new: list[str]


def search_replace(before: str, after: str) -> str | None:
    """Returns blocks that make `after` of `before`; None where no block of this form can say it."""
    old, new = before.split("\n"), after.split("\n")
    if any(line.lstrip().startswith(_MARKS) for line in (*old, *new)):
        return None
    changes = [code for code in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if code[0] != "equal"]
    if not changes:
        return None
    whole = (changes[0][1], changes[-1][2], changes[0][3], changes[-1][4])
    for spans in ([code[1:] for code in changes], [whole]):
        hunks = [_widened(Hunk(i, j, new[k:m]), old) for i, j, k, m in spans]
        if None not in hunks:
            blocks = [_block(hunk, old) for hunk in hunks if hunk is not None]
            if _applied(before, blocks) == after:
                return "\n".join(f"<<<<<<< SEARCH\n{search}\n=======\n{new}\n>>>>>>> REPLACE" for search, new in blocks)
    return None


def _widened(hunk: Hunk, old: Sequence[str]) -> Hunk | None:
    """Returns a hunk with as many lines around it as make it unambiguous; None where markers or the ends forbid."""
    text = "\n".join(old)
    while not _stands(hunk, old, text):
        above = hunk.start > 0 and not _closed(old[hunk.start - 1])
        below = hunk.end < len(old) and not _closed(old[hunk.end])
        if not above and not below:
            return None
        start, end = hunk.start - above, hunk.end + below
        hunk = Hunk(start, end, [*old[start : hunk.start], *hunk.new, *old[hunk.end : end]])
    return hunk


def _stands(hunk: Hunk, old: Sequence[str], text: str) -> bool:
    lines = old[hunk.start : hunk.end]
    edges = [part[place] for part in (lines, hunk.new) if part for place in (0, -1)]
    if not lines or not hunk.new or not all(edge.strip() for edge in edges):
        return False
    return text.count("\n".join(lines)) == 1


def _closed(line: str) -> bool:
    return any(mark in line for mark in _CLOSED)


def _block(hunk: Hunk, old: Sequence[str]) -> tuple[str, str]:
    return "\n".join(old[hunk.start : hunk.end]), "\n".join(hunk.new)


def _applied(text: str, blocks: Sequence[tuple[str, str]]) -> str | None:
    """Returns what a reader makes of blocks, one after the other at the first place; None where one is nowhere."""
    for search, new in blocks:
        if search not in text:
            return None
        text = text.replace(search, new, 1)
    return text
