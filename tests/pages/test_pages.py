"""Pages hold what programs say, and nothing of it becomes markup, script, a request or a key."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ryumon.archive.history import History
from ryumon.comparison.arms import grouped, histories
from ryumon.comparison.compared import compared
from ryumon.pages import Series, chart
from ryumon.pages.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, staircase, ticks
from ryumon.pages.comparison import comparison_page
from ryumon.pages.run import run_page
from ryumon.program import Program
from ryumon.store import SqlStore
from tests.runs import made_run

HOSTILE = (
    "</script></pre><script>alert(1)</script><img src=x onerror=alert(2)>\" onload='alert(3)' {{ 7 * 7 }}\x1b[2J\u202e"
)
KEY = "sk-proj-AbCdEfGh12345678IjKl"


class Markup(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def hostile_run(store: SqlStore, name: str = "r", **settings: Any) -> str:
    """Writes a run that says hostile things wherever a program or an improver can, and returns its page."""
    programs = [Program({"a.py": "x = 0\n"}), Program({f"{HOSTILE[:60]}.py": HOSTILE}), Program({"a.py": HOSTILE * 2})]
    told = {
        "operator": HOSTILE,
        "reason": f"{HOSTILE[:40]} {KEY}",
        "log": f"{HOSTILE}\n{KEY}",
        "evidence": HOSTILE + KEY,
        "confirmed": {"f" * 64: "cheating"},
    }
    made_run(
        store, name, [4.0, 3.0, None], programs=programs, changes=told, **{"task": HOSTILE, "unit": HOSTILE, **settings}
    )
    return run_page(store, History(name).follow(store.events(name)))


def check_inert(text: str) -> Markup:
    """Checks that a page runs nothing, loads nothing and tells no key, and returns what it holds."""
    found = Markup(text)
    assert not found.tags & {"script", "img", "iframe", "object", "embed", "link", "form", "base", "audio", "video"}
    assert not [name for name, _ in found.attributes if name.startswith("on") or name in ("src", "href", "action")]
    assert not [value for name, value in found.attributes if name != "d" and "://" in value]
    assert not re.search(r"@import|url\((?!#)", text)
    assert "default-src 'none'" in text
    assert KEY not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    return found


def test_nothing_that_a_program_says_becomes_part_of_a_runs_page(store: SqlStore) -> None:
    found = check_inert(hostile_run(store))
    assert found.words.count("<img src=x onerror=alert(2)>") > 6  # shown as text: diff, listing, operators, logs, ...
    assert "[redacted]" in found.words
    assert "\\x1b[2J" in found.words
    assert "{{ 7 * 7 }}" in found.words


def test_nothing_that_is_said_becomes_part_of_a_comparison(store: SqlStore) -> None:
    hostile_run(store, "a", improver=HOSTILE)
    hostile_run(store, "b", options={HOSTILE: KEY}, improver=HOSTILE)
    arms = grouped(histories(store, ["a", "b"]))
    found = check_inert(comparison_page(arms, compared(arms)))
    assert "<script>alert(1)</script>" in found.words


def test_a_key_over_several_lines_of_a_log_is_taken_out_whole(store: SqlStore) -> None:
    log = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\nafter"
    made_run(store, "r", [4.0, None], changes={"log": log})
    text = run_page(store, History("r").follow(store.events("r")))
    assert "MIIEow" not in text
    assert "after" in text


def test_a_runs_page_tells_its_verdict_its_line_and_its_failures(store: SqlStore) -> None:
    programs = [Program({"a.py": f"x = {n}\n"}) for n in range(4)]
    made_run(store, "r", [4.0, 3.0, None, None], 2.5, programs=programs, changes={"reason": "NameError: y"})
    text = run_page(store, History("r").follow(store.events("r")))
    words = " ".join(Markup(text).words.split())
    assert "no evidence: champion against seed -1.5 on test, 95 % interval [-1, 1]; control: none." in words
    assert "-x = 0 +x = 1" in words.replace("-x = 0+x", "-x = 0 +x")
    assert "NameError: y (2)" in words
    assert History("r").follow(store.events("r")).head.hex() in words


def test_a_champion_that_is_the_seed_or_failed_is_called_that(store: SqlStore) -> None:
    made_run(store, "same", [4.0, 5.0])
    made_run(store, "failed", [4.0, 3.0], None)
    text = run_page(store, History("same").follow(store.events("same")))
    assert "no evidence: the champion is the seed; control: none." in text
    assert "no interval" in run_page(store, History("failed").follow(store.events("failed")))


def test_a_run_without_a_verdict_has_a_page_that_says_so(store: SqlStore) -> None:
    made_run(store, "r", [4.0, 3.0], finished=False)
    assert "No verdict yet" in run_page(store, History("r").follow(store.events("r")))


def test_a_long_diff_is_cut_and_says_where_the_rest_is(store: SqlStore) -> None:
    programs = [Program({"a.py": "x = 0\n"}), Program({"a.py": "y = 1\n" * 1000})]
    made_run(store, "r", [4.0, 3.0], programs=programs)
    text = run_page(store, History("r").follow(store.events("r")))
    assert text.count('class="added"') < 400
    assert f"ryumon diff r {programs[0].id[:12]} {programs[1].id[:12]}" in text


finite = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(st.tuples(st.floats(0, 1e5), finite), min_size=1, max_size=12))
def test_a_chart_keeps_its_points_inside_and_its_ticks_apart(points: list[tuple[float, float]]) -> None:
    found = chart("t", "x", "y", [Series("s", dots=sorted(points))])
    for x, y in found.series[0].dots:
        assert LEFT <= x <= WIDTH - RIGHT
        assert TOP <= y <= HEIGHT - BOTTOM
    for axis in (found.x_ticks, found.y_ticks):
        assert 1 <= len(axis) <= 9
        assert len({tick.label for tick in axis}) == len(axis)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (0, 60, [0, 10, 20, 30, 40, 50, 60]), (-3, 3, [-3, -2, -1, 0, 1, 2, 3])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high, 6) == pytest.approx(expected)


@pytest.mark.parametrize("point", [(5e-324, 0.0), (0.0, 7.5e-302), (1e-291, -5e-324)])
def test_a_range_too_small_to_divide_is_none(point: tuple[float, float]) -> None:
    found = chart("t", "x", "y", [Series("s", dots=[(0.0, 0.0), point])])
    assert len(found.x_ticks) > 1
    assert len(found.y_ticks) > 1


def test_a_staircase_is_level_between_its_steps() -> None:
    assert staircase([(0, 5), (2, 3)], 4) == [(0, 5), (2, 5), (2, 3), (4, 3)]
    assert staircase([], 4) == []
