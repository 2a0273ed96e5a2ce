"""Line charts as inline SVG: places in pixels for `chart.svg`, computed here; nothing is drawn by a library."""

import math
from collections.abc import Sequence

import msgspec

Point = tuple[float, float]
LEAST = 1e-290  # a range below it is none: parts of it could not be told apart
WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 72, 16, 12, 48
MARGIN = 0.06  # of the range of y, above and below
COLOURS = 6  # as many as the style sheet has


class Series(msgspec.Struct, frozen=True):
    """One arm: a curve, the curves of its single runs, its band (x, low, high), single dots. All are optional."""

    name: str
    curve: Sequence[Point] = ()
    runs: Sequence[Sequence[Point]] = ()
    band: Sequence[tuple[float, float, float]] = ()
    dots: Sequence[Point] = ()


class Drawn(msgspec.Struct, frozen=True):
    """A series in pixels; paths as SVG writes them."""

    name: str
    colour: int
    curve: str
    runs: list[str]
    band: str
    dots: list[Point]


class Tick(msgspec.Struct, frozen=True):
    """A place on an axis in pixels, and its label."""

    place: float
    label: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """All that the template needs to draw."""

    title: str
    x_label: str
    y_label: str
    unit: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    series: list[Drawn]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def chart(
    title: str,
    x_label: str,
    y_label: str,
    series: Sequence[Series],
    *,
    unit: str = "",
    labels: Sequence[str] | None = None,
) -> Chart:
    """Returns a chart of series that hold one point at least between them. `unit` is that of y, in words of any length.

    The range of y is that of curves, runs and dots; bands may reach out of it and are cut off there. With `labels`, x
    counts places 0, 1, 2, ... that bear them.
    """
    points = [
        point
        for one in series
        for part in (one.curve, one.dots, *one.runs)
        for point in part
        if math.isfinite(point[1])
    ]
    low, high = min(y for _, y in points), max(y for _, y in points)
    room = next((room for room in ((high - low) * MARGIN, abs(high) * MARGIN) if room >= LEAST), 1.0)
    low, high = low - room, high + room
    x_most = max(x for x, _ in points)
    x_low, x_high = (-0.5, len(labels) - 0.5) if labels else (0.0, x_most if x_most >= LEAST else 1.0)

    def at(x: float, y: float) -> Point:
        across = LEFT + (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
        y = min(max(y, low - (high - low)), high + (high - low))  # far outside is cut off all the same
        return round(across, 1), round(TOP + (high - y) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    places = list(zip(range(len(labels)), labels, strict=True)) if labels else _named(ticks(x_low, x_high, 8))
    return Chart(
        title=title,
        x_label=x_label,
        y_label=y_label,
        unit=unit,
        x_ticks=[Tick(at(x, low)[0], label) for x, label in places],
        y_ticks=[Tick(at(x_low, y)[1], label) for y, label in _named(ticks(low, high, 6))],
        series=[
            Drawn(
                name=one.name,
                colour=place % COLOURS,
                curve=path([at(*point) for point in one.curve]),
                runs=[path([at(*point) for point in run]) for run in one.runs],
                band=path(
                    [at(x, top) for x, _, top in one.band] + [at(x, bottom) for x, bottom, _ in reversed(one.band)]
                ),
                dots=[at(*point) for point in one.dots if math.isfinite(point[1])],
            )
            for place, one in enumerate(series)
        ],
    )


def staircase(points: Sequence[Point], end: float) -> list[Point]:
    """Returns the corners of the step curve through `points` (x ascending), level until `end`."""
    corners: list[Point] = []
    for x, y in points:
        if corners:
            corners.append((x, corners[-1][1]))
        corners.append((x, y))
    return [*corners, (max(end, corners[-1][0]), corners[-1][1])] if corners else []


def ticks(low: float, high: float, most: int) -> list[float]:
    """Returns at most `most` round numbers, evenly apart by 1, 2 or 5 times a power of ten, from `low` to `high`."""
    raw = (high - low) / most
    scale: float = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * scale for factor in (1.0, 2.0, 5.0, 10.0) if factor * scale >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [count * step for count in range(first, last + 1)]


def _named(places: Sequence[float]) -> list[tuple[float, str]]:
    step = places[1] - places[0] if len(places) > 1 else abs(places[0]) or 1.0
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if digits > 5 or max(map(abs, places)) >= 1e7:
        return [(place, f"{place:.4g}") for place in places]
    return [(place, f"{place:.{digits}f}") for place in places]


def path(points: Sequence[Point]) -> str:
    """Returns points as the text of an SVG path; nothing where there are none."""
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in points) if points else ""
