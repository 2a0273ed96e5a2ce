"""Marked regions: where a seed's file holds `EVOLVE-BLOCK-START` and `EVOLVE-BLOCK-END` lines, only what lies between
them may change. Looks for the markers line by line; it does not parse program text.
"""

START, END = b"EVOLVE-BLOCK-START", b"EVOLVE-BLOCK-END"


def blocks(text: bytes) -> list[tuple[int, int]]:
    """Returns the byte ranges between markers, the marked lines themselves left out; none where nothing is marked.

    A block that does not end reaches to the end of the text.
    """
    found: list[tuple[int, int]] = []
    opened: int | None = None
    position = 0
    for line in text.splitlines(keepends=True):
        if opened is None and START in line:
            opened = position + len(line)
        elif opened is not None and END in line:
            found.append((opened, position))
            opened = None
        position += len(line)
    return found if opened is None else [*found, (opened, position)]


def fixed(text: str) -> list[bytes] | None:
    """Returns the parts of a text outside its blocks, the markers with them; None where nothing is marked."""
    data = text.encode("utf-8", "surrogatepass")
    found = blocks(data)
    if not found:
        return None
    starts, ends = zip(*found, strict=True)
    return [data[start:end] for start, end in zip((0, *ends), (*starts, len(data)), strict=True)]
