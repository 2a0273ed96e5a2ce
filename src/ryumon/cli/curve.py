"""A step curve in braille dots, for terminals."""

from collections.abc import Sequence

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def braille(points: Sequence[tuple[float, float]], width: int, height: int) -> str:
    """Returns the step curve through `points` (x ascending) as `height` lines of `width` characters of 2 × 4 dots."""
    columns, rows = width * 2, height * 4
    low, high = min(y for _, y in points), max(y for _, y in points)
    span, last = (high - low) or 1.0, points[-1][0] or 1.0
    cells = [[0] * width for _ in range(height)]
    step, before = 0, None
    for column in range(columns):
        while step + 1 < len(points) and points[step + 1][0] <= last * (column + 1) / columns:
            step += 1
        row = round((high - points[step][1]) / span * (rows - 1))
        for filled in range(
            min(row, row if before is None else before), max(row, row if before is None else before) + 1
        ):
            cells[filled // 4][column // 2] |= _DOTS[filled % 4][column % 2]
        before = row
    labels = [f"{high:.4g}"] + [""] * (height - 2) + [f"{low:.4g}"]
    return "\n".join(
        f"{label:>9} " + "".join(chr(0x2800 + cell) for cell in line) for label, line in zip(labels, cells, strict=True)
    )
