"""`compare` and `bench`: arms beside each other, of runs that are there or of runs that a bench makes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ryumon.cli.options import CONFINED, DEFAULTS, Common, Confinement, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ryumon.archive.summary import Summary
    from ryumon.comparison.bench import Cell
    from ryumon.comparison.compared import Comparison
    from ryumon.sandbox import Tier
    from ryumon.store import Store

Html = Annotated[Path | None, Parameter(help="Write one HTML page, which loads nothing, to this file.")]


def compare(
    *runs: Annotated[str, Parameter(help="Finished runs of one task, several seeds an arm.")],
    html: Html = None,
    common: Common = DEFAULTS,
) -> int:
    """Compare runs by arm (improver and settings), paired by seed: the arm of the first run against each other one."""
    from ryumon.store import open_store

    return report(open_store(common.store, create=False), runs, html, common)


def bench(
    task: Annotated[str, Parameter(help="A registered task's name, or a task's folder.")],
    /,
    *,
    arms: Annotated[
        str, Parameter(help="Improvers, options behind colons; the first is compared with each other one.")
    ] = ("mutate,random,best-of-n"),
    seeds: Annotated[str, Parameter(help="Run seeds, as in 0-7 or 0,3,5.")] = "0-7",
    budget: Annotated[str | None, Parameter(help="What each run may spend. Default: the task's.")] = None,
    test_seed: Annotated[int | None, Parameter(help="Fixes the test cases of all runs. Default: drawn once.")] = None,
    workers: Annotated[int | None, Parameter(help="Evaluations at a time. Default: one for each core.")] = None,
    lookahead: Annotated[int, Parameter(help="Proposals made ahead of their predecessors' results.")] = 8,
    name: Annotated[str | None, Parameter(help="How the runs' names begin. Default: task and budget.")] = None,
    html: Html = None,
    confinement: Confinement = CONFINED,
    common: Common = DEFAULTS,
) -> int:
    """Run every arm at every seed on the same test cases, then compare them. The same command again takes it up."""
    from ryumon import supervisor
    from ryumon.comparison.bench import arranged, seeds_of, settled
    from ryumon.store import open_store

    settings = supervisor.Settings(budget=budget, workers=workers, lookahead=lookahead, test_seed=test_seed, name=name)
    named = [arm.strip() for arm in arms.split(",")]
    cells = arranged(task, named, seeds_of(seeds), settings)
    tier = confinement.tier()
    store = open_store(common.store)
    cells = settled(store, task, cells)
    for done, cell in enumerate(cells):
        summary = _one(store, task, cell, tier, f"{done + 1} of {len(cells)}", quiet=common.json)
        if summary.verdict is None:
            left = {"bench": [cell.name for cell in cells], "finished": done, "stopped": summary.stopped}
            say(common, left, f"{summary.run} stopped after {done} of {len(cells)} runs; the same command goes on")
            return 0
    # In the order of the arms, so that the first one named is the one compared with the others.
    names = [cell.name for cell in sorted(cells, key=lambda cell: named.index(cell.arm))]
    return report(store, names, html, common)


def _one(store: "Store", task: str, cell: "Cell", tier: "Tier", place: str, *, quiet: bool) -> "Summary":
    """Returns the outcome of one run, with a live panel on a terminal, and a line at its end."""
    import asyncio
    import sys

    from ryumon.cli.live import display
    from ryumon.comparison.bench import finished
    from ryumon.printable import printable

    with display(quiet=True) as live:
        notify = live.update if sys.stderr.isatty() else lambda history: None
        summary = asyncio.run(finished(store, task, cell, tier, notify))
    test = summary.champion.test if summary.champion is not None else None
    outcome = f"{summary.verdict or summary.stopped}; champion on test {'-' if test is None else f'{test:.6g}'}"
    line = f"{place}  {summary.run}: {summary.evaluations} evaluations, {summary.wall_s:.1f} s, {outcome}"
    print(printable(line), file=sys.stderr if quiet else sys.stdout, flush=True)
    return summary


def report(store: "Store", names: "Sequence[str]", html: Path | None, common: Common) -> int:
    """Compares the runs named, and prints what they came to."""
    from ryumon.comparison.arms import grouped, histories
    from ryumon.comparison.compared import compared

    arms = grouped(histories(store, names))
    found = compared(arms)
    written = ""
    if html is not None:
        from ryumon.pages import write
        from ryumon.pages.comparison import comparison_page

        write(html, comparison_page(arms, found))
        written = f"\n{html} has the curves"
    say(common, found, _text(found) + written)
    return 0


def _text(found: "Comparison") -> str:
    from ryumon.comparison.compared import OUTCOMES
    from ryumon.pages.render import interval, number, p_value

    arms = [
        (
            arm.name,
            str(len(arm.runs)),
            *(f"{number(e.mean)} {interval(e.ci95)}".strip() for e in (arm.test, arm.area, arm.cpu_area)),
        )
        for arm in found.arms
    ]
    contrasts = [
        (
            f"{contrast.arm} against {contrast.against}",
            OUTCOMES[contrast.outcome],
            str(contrast.pairs),
            f"{number(contrast.difference)} {interval(contrast.ci95)}".strip(),
            number(contrast.better, 2),
            p_value(contrast.p),
            p_value(contrast.p_holm),
            contrast.verdict,
        )
        for contrast in found.contrasts
    ]
    unit = f", in {found.unit}" if found.unit else ""
    return "\n".join(
        [
            f"{found.task}: {found.direction}{unit}, budget {found.budget}; areas to {found.evaluations:g} evaluations "
            f"and {found.cpu_s:.4g} CPU seconds of candidates, the least that any run spent",
            _table(["arm", "seeds", "test", "train, over evaluations", "train, over CPU time"], arms),
            _table(["arms", "by", "pairs", "difference", "better", "p", "p, Holm", "verdict"], contrasts),
            "brackets: 95 % intervals over seeds, each for itself; p: exact sign flip; Holm: corrected for all rows",
            *(f"note: {note}" for note in found.notes),
        ]
    )


def _table(head: "Sequence[str]", rows: "Sequence[Sequence[str]]") -> str:
    """Returns a table as wide as the terminal, 120 columns where there is none."""
    from io import StringIO
    from shutil import get_terminal_size

    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE, pad_edge=False)
    for title in head:
        table.add_column(title)
    for row in rows:
        table.add_row(*map(Text, row))  # a plain str would be read as markup
    console = Console(file=StringIO(), width=get_terminal_size((120, 24)).columns, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines() if line.strip())
