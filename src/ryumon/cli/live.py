"""The live display of a run: a panel on a terminal, plain lines elsewhere."""

import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ryumon.archive.history import History
from ryumon.archive.summary import Noise, Scores, Summary
from ryumon.cli.curve import braille
from ryumon.printable import printable

REFRESH_S = 0.25
LINE_S = 10.0


class Display:
    """What `run` and `resume` show. `update` is called after every event and draws only now and then."""

    def __init__(self, console: Console, live: Live | None, *, quiet: bool) -> None:
        self._console, self._live, self._quiet = console, live, quiet
        self._history: History | None = None
        self._closing = False
        self._drawn = 0.0
        self._shown_best: float | None = None
        self._began: tuple[float, int, float] | None = None

    def waiting(self, task: str) -> None:
        """Says that a new run begins with scoring its seed, which may take minutes."""
        if self._live is None:
            self._say(f"{task}: scoring the seed")
        else:
            self._live.update(_Waiting(task))

    def update(self, history: History) -> None:
        """Draws the state where it is due."""
        now = time.monotonic()
        self._history = history
        if self._began is None:
            self._began = (now, history.evaluations, history.elapsed)
            self._announce(history)
        if self._live is not None:
            if now - self._drawn >= REFRESH_S or history.ended:
                self._drawn = now
                self._live.update(self._panel(history), refresh=True)
            return
        if history.ended and not self._closing:
            self._closing = True
            self._say(f"{self._elapsed():7.1f} s  search ended by {history.ended}; reading validation and test")
        best = history.best.score if history.best is not None else None
        if best != self._shown_best or now - self._drawn >= LINE_S:
            self._drawn, self._shown_best = now, best
            self._line(history)

    def closing(self, summary: Summary) -> str:
        """Returns the last words on a run."""
        text = closing(summary)
        crashed = self._history.statuses["evaluator_error"] if self._history is not None else 0
        if crashed:
            text += f"\n  {crashed} programs crashed the evaluator; `ryumon show` has the reasons"
        if self._history is not None:
            text += "".join(f"\n  {line}" for line in remarks(self._history))
        if self._history is not None and self._history.draws > 1:
            text += f"\n  test was drawn {self._history.draws} times, which the verdict takes into account"
        return text

    def _announce(self, history: History) -> None:
        started = history.started
        if started is None:
            return
        self._say(
            f"{history.run}: {started.task}, {started.improver}, seed {started.seed}, budget {history.budget}, "
            f"sandbox tier {history.tier}"
        )

    def _line(self, history: History) -> None:
        best = history.best
        score = f"best {best.score:.6g}" if best is not None else "no score yet"
        self._say(
            f"{self._elapsed():7.1f} s  {history.evaluations:6d} ev  {self._rate(history):6.1f}/s  {score}"
            f"  failed {history.failed}"
        )

    def _say(self, line: str) -> None:
        """Prints a line, unless that would hold up the run: nobody reads on, or whoever read has gone."""
        stream = sys.stderr if self._quiet else sys.stdout
        try:
            if _takes_a_line(stream):
                print(printable(line), file=stream, flush=True)
        except BrokenPipeError:
            with open(os.devnull, "wb") as nothing:
                os.dup2(nothing.fileno(), stream.fileno())
        except OSError:
            pass  # a full disk, a terminal that is gone

    def _elapsed(self) -> float:
        assert self._began is not None
        return self._began[2] + time.monotonic() - self._began[0]

    def _rate(self, history: History) -> float:
        assert self._began is not None
        seconds = time.monotonic() - self._began[0]
        return (history.evaluations - self._began[1]) / seconds if seconds > 0 else 0.0

    def _panel(self, history: History) -> Panel:
        assert history.started is not None
        facts = Table.grid(padding=(0, 2))

        def row(*cells: str) -> None:
            facts.add_row(*(Text(printable(cell)) for cell in cells))  # a plain str would be read as markup

        best = history.best
        start = history.curve[0].score if history.curve else None
        row("best on train", f"{best.score:.6g}" if best else "-", f"seed {start:.6g}" if start else "")
        row("evaluations", f"{history.evaluations}", f"{self._rate(history):.1f} a second")
        row("budget", str(history.budget), left(history, self._elapsed()))
        statuses = sorted(history.statuses.items(), key=lambda item: -item[1])
        row("outcomes", ", ".join(f"{status} {count}" for status, count in statuses[:6]) or "-", "")
        phase = f"search ended ({history.ended}); reading validation and test" if history.ended else "searching"
        row("sandbox", f"tier {history.tier}", phase)
        points = [(float(point.evaluations), point.score) for point in history.curve]
        points.append((float(max(1, history.evaluations)), points[-1][1] if points else 0.0))
        curve = Text(braille(points, width=min(72, self._console.width - 20), height=6), style="cyan")
        return Panel(Group(facts, Text(), curve), title=Text(printable(f"ryumon {history.run}")), title_align="left")


def left(history: History, elapsed: float) -> str:
    """Returns what is left of a budget, in words."""
    parts = []
    if history.budget.evaluations is not None:
        parts.append(f"{history.budget.evaluations - history.evaluations:.0f} ev left")
    if history.budget.wall_s is not None:
        parts.append(f"{max(0.0, history.budget.wall_s - elapsed):.0f} s left")
    return ", ".join(parts)


def closing(summary: Summary) -> str:
    """Returns a run's outcome for a person, a few lines."""

    def row(label: str, scores: Scores | None) -> str:
        shown = [
            f"{name} {value:.6g}"
            for name in ("train", "validation", "test")
            if (value := getattr(scores, name)) is not None
        ]
        return f"  {label:9} " + "   ".join(shown)

    champion = summary.champion
    lines = [
        f"{summary.run}: {summary.evaluations} evaluations, {summary.failed} failed, in {summary.wall_s:.1f} s "
        f"({summary.cpu_s:.1f} CPU-s); {f'ended by {summary.stopped}' if summary.stopped else 'running, or killed'}",
        row("seed", summary.baseline),
    ]
    if champion is not None:
        lines.append(row("champion", Scores(champion.train, champion.validation, champion.test)))
    if summary.verdict is None:
        lines.append(f"  no verdict yet; `ryumon resume {summary.run}` goes on")
    else:
        interval = champion.ci95 if champion is not None else None
        same = champion is not None and (champion.train, champion.test) == (
            summary.baseline.train,
            summary.baseline.test,
        )
        noise = f"95 % interval of the difference [{interval[0]:.6g}, {interval[1]:.6g}]" if interval else "exact"
        noise = "the champion is the seed" if same else noise
        lines.append(
            f"  verdict   {summary.verdict} on test, champion against seed ({noise}); control: {summary.control}"
        )
        lines += [_noise(summary.noise)] if summary.noise is not None else []
        lines.append(f"  next      ryumon show {summary.run} · ryumon export {summary.run} --champion DIR")
    lines.append(f"  head      {summary.head}")
    return "\n".join(lines)


def remarks(history: History) -> list[str]:
    """Returns what a reader of a run's verdict has to know besides."""
    if history.started is not None and history.started.unseparated:
        return [
            "the evaluator ran beside the candidate, which could forge the score: the verdict is at most no evidence"
        ]
    return []


def _noise(noise: Noise) -> str:
    line = f"  noise     {noise.floor:.3g} from repeat to repeat of the seed, {noise.repeats} repeats"
    if noise.shrinkage is None:
        return line
    return (
        f"{line}; gain on train {noise.gain_in_search:+.6g} in search, {noise.gain_on_fresh:+.6g} on fresh repeats: "
        f"shrinkage {noise.shrinkage:+.3g}"
    )


def _takes_a_line(stream: TextIO) -> bool:
    """Returns whether a line can be written at once. A pipe that is ready takes a page."""
    try:
        poll = select.poll()
        poll.register(stream, select.POLLOUT)
        return bool(poll.poll(0))
    except (OSError, ValueError):  # no descriptor below it
        return True


class _Waiting:
    """What a terminal shows of a new run until its first event."""

    def __init__(self, task: str) -> None:
        self._task, self._since = task, time.monotonic()

    def __rich__(self) -> Text:
        return Text(f"{self._task}: scoring the seed, {time.monotonic() - self._since:.0f} s")


@contextmanager
def display(*, quiet: bool) -> Iterator[Display]:
    """Gives the display of one run; on a terminal it redraws in place until the run ends."""
    console = Console(stderr=quiet)
    if not console.is_terminal:
        yield Display(console, None, quiet=quiet)
        return
    with Live(console=console, refresh_per_second=2, transient=True) as live:
        yield Display(console, live, quiet=quiet)
