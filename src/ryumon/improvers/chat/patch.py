"""A change of text as a SEARCH/REPLACE block that OpenEvolve's and ShinkaEvolve's readers apply exactly. Pure.

SEARCH occurs once in the text. Both sides begin and end with lines that are not blank, since ShinkaEvolve drops blank
ones, and hold no `EVOLVE-BLOCK` marker.
"""

from collections.abc import Sequence

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
    """Returns the block that makes `after` of `before`; None where no block of this form can say it.

    It spans all that changed, in time linear in the texts (a finer diff is quadratic in lines that repeat).
    """
    old, new = before.split("\n"), after.split("\n")
    if old == new or any(line.lstrip().startswith(_MARKS) for line in (*old, *new)):
        return None
    found = _widened(_changed(old, new), old, before)
    if found is None:
        return None
    search, put = "\n".join(old[found.start : found.end]), "\n".join(found.new)
    return f"<<<<<<< SEARCH\n{search}\n=======\n{put}\n>>>>>>> REPLACE"


def _changed(old: Sequence[str], new: Sequence[str]) -> Hunk:
    """Returns the lines from the first that differs to the last."""
    least = min(len(old), len(new))
    start = next((place for place in range(least) if old[place] != new[place]), least)
    left = least - start
    same = next((place for place in range(left) if old[-1 - place] != new[-1 - place]), left)
    return Hunk(start, len(old) - same, list(new[start : len(new) - same]))


def _widened(hunk: Hunk, old: Sequence[str], text: str) -> Hunk | None:
    """Returns a hunk with as many lines around it as make it stand; None where markers or the ends forbid."""
    if any(map(_closed, (*old[hunk.start : hunk.end], *hunk.new))):
        return None
    top = next((place + 1 for place in range(hunk.start - 1, -1, -1) if _closed(old[place])), 0)
    bottom = next((place for place in range(hunk.end, len(old)) if _closed(old[place])), len(old))
    more = 0
    while True:
        start, end = _to_words(old, max(top, hunk.start - more), min(bottom, hunk.end + more), top, bottom)
        wide = Hunk(start, end, [*old[start : hunk.start], *hunk.new, *old[hunk.end : end]])
        if _stands(wide, old, text):
            return wide
        if (start, end) == (top, bottom):
            return None
        more = 2 * more + 1


def _to_words(old: Sequence[str], start: int, end: int, top: int, bottom: int) -> tuple[int, int]:
    """Returns a span extended to lines that are not blank, as far as there are some."""
    while start > top and (start == end or not old[start].strip()):
        start -= 1
    while end < bottom and (start == end or not old[end - 1].strip()):
        end += 1
    return start, end


def _stands(hunk: Hunk, old: Sequence[str], text: str) -> bool:
    """Returns whether the hunk's lines occur once, and both sides begin and end with lines that are not blank."""
    lines = old[hunk.start : hunk.end]
    edges = [part[place] for part in (lines, hunk.new) if part for place in (0, -1)]
    if not lines or not hunk.new or not all(edge.strip() for edge in edges):
        return False
    search = "\n".join(lines)
    return text.find(search) == text.rfind(search)


def _closed(line: str) -> bool:
    return any(mark in line for mark in _CLOSED)
