"""`runs`, `show`, `diff`, `export`, `report`, `audit`: looking at what a run did. None of them writes to the store."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from ryumon.cli.options import DEFAULTS, Common, latest, say

if TYPE_CHECKING:
    from ryumon.archive.evidence import Barred
    from ryumon.archive.history import History
    from ryumon.program import Program
    from ryumon.store import Store
    from ryumon.store.records import Evaluated

OPERATORS_SHOWN = 12
BARRED_SHOWN = 12
EVIDENCE_SHOWN = 300
UNENDED = "running, or killed"
RunName = Annotated[str | None, Parameter(help="Default: the newest run.")]


def runs(*, common: Common = DEFAULTS) -> int:
    """List the runs of the store."""
    from ryumon.archive.summary import summarised

    store = _store(common)
    summaries = [summarised(_history(store, name)) for name in store.runs()]
    rows = [
        (
            s.run,
            s.improver,
            s.seed,
            s.evaluations,
            _number(s.baseline.test),
            _champion_test(s),
            s.verdict or s.stopped or UNENDED,
        )
        for s in summaries
    ]
    head = ("run", "improver", "seed", "evaluations", "seed test", "champion test", "outcome")
    say(common, {"runs": summaries}, _table([head, *rows]) if rows else "no run yet; `ryumon run bin-packing`")
    return 0


def show(name: RunName = None, /, *, common: Common = DEFAULTS) -> int:
    """Print a run's outcome, its champion, the path from the seed as diffs, and what each operator did."""
    from itertools import pairwise

    from ryumon.archive.evidence import barred
    from ryumon.archive.lineage import difference, path_to_seed
    from ryumon.archive.outcomes import outcomes
    from ryumon.archive.summary import summarised
    from ryumon.cli.live import closing, remarks

    store = _store(common)
    history = _history(store, latest(name, store.runs()))
    summary = summarised(history)
    assert summary.champion is not None
    found_out = list(barred(store, history))
    path = path_to_seed(store, history, summary.champion.id)
    operators = {
        operator: {"tried": credit.tried, "scored": credit.scored, "best": credit.best}
        for operator, credit in sorted(history.operators.items(), key=lambda item: (-item[1].best, -item[1].scored))
    }
    record = {
        "summary": summary,
        "statuses": dict(history.statuses),
        "operators": operators,
        "path": [{"id": step.id, "operator": step.operator, "score": step.score} for step, _ in path],
        "champion": path[-1][1].files,
        "barred": found_out,
    }
    text = [
        closing(summary),
        *(f"  {line}" for line in remarks(history)),
        "",
        "champion",
        *_listing(path[-1][1]),
        "",
        "path from the seed",
    ]
    for (_, before), (step, program) in pairwise(path):
        score = _number(step.score) if step.score is not None else step.status
        text += [f"  {step.id[:10] if step.id else ''}  ask {step.index}  {step.operator}  {score}"]
        text += [f"    {line}" for line in difference(before, program)]
    shown = [(name, *credit.values()) for name, credit in list(operators.items())[:OPERATORS_SHOWN]]
    text += ["", _table([("operator", "tried", "scored", "new bests"), *shown])]
    if len(operators) > len(shown):
        text += [f"... and {len(operators) - len(shown)} more; --json has all"]
    rows = [
        (found.status, found.count, found.reasons[0][0] if found.reasons else "") for found in outcomes(store, history)
    ]
    text += ["", _table([("outcome", "proposals", "most often"), *rows])]
    text += _barred_lines(history.run, found_out)
    say(common, record, "\n".join(text))
    return 0


def _barred_lines(run: str, found_out: "list[Barred]") -> list[str]:
    if not found_out:
        return []
    lines = ["", f"barred, with the evidence; `ryumon diff {run} PARENT ID` shows what it does"]
    for found in found_out[:BARRED_SHOWN]:
        lines.append(f"  {found.id[:10]}  {found.status}: {' '.join(found.evidence.split())[:EVIDENCE_SHOWN]}")
    more = len(found_out) - BARRED_SHOWN
    return [*lines, f"  ... and {more} more; --json has all"] if more > 0 else lines


def diff(
    name: RunName = None,
    /,
    first: Annotated[str | None, Parameter(help="A program's id, or its beginning. Default: the seed.")] = None,
    second: Annotated[str | None, Parameter(help="Likewise. Default: the champion.")] = None,
    *,
    common: Common = DEFAULTS,
) -> int:
    """Print the difference between two programs of a run: the seed and the champion, unless others are named."""
    from ryumon.archive.lineage import difference
    from ryumon.archive.summary import summarised

    store = _store(common)
    history = _history(store, latest(name, store.runs()))
    summary = summarised(history)
    assert history.seed is not None
    assert summary.champion is not None
    before = _program(store, history, first or str(history.seed.id))
    after = _program(store, history, second or summary.champion.id)
    lines = difference(before, after)
    say(common, {"first": before.id, "second": after.id, "diff": lines}, "\n".join(lines) or "no difference")
    return 0


def export(
    name: RunName = None,
    /,
    *,
    champion: Annotated[
        Path | None, Parameter(help="Write the champion's files into this new or empty folder.")
    ] = None,
    common: Common = DEFAULTS,
) -> int:
    """Write the champion's files to a folder, or print every program of the run in commit order (--json)."""
    from ryumon.archive.journal import stored_evaluations
    from ryumon.archive.summary import summarised
    from ryumon.errors import BadInput
    from ryumon.program import write_program

    store = _store(common)
    name = latest(name, store.runs())
    if champion is not None:
        if champion.exists() and (not champion.is_dir() or any(champion.iterdir())):
            raise BadInput(f"{champion} is there and not an empty folder; name a new one")
        history = _history(store, name)
        best = summarised(history).champion
        assert best is not None
        write_program(_program(store, history, best.id), champion)
        say(common, {"run": name, "id": best.id, "folder": str(champion)}, f"{name}: champion written to {champion}")
        return 0
    programs = [
        {
            "index": record.index,
            "id": record.id,
            "parents": record.parents,
            "operator": record.operator,
            "status": record.status,
            "score": record.score,
            "cases": [[case.case, case.score] for case in record.cases],
            "repeats": record.repeats,
            "reason": record.reason,
            "evidence": record.evidence,
        }
        for record in stored_evaluations(store, name)
    ]
    rows = [(p["index"], str(p["id"])[:10], p["operator"], p["status"], _number(p["score"])) for p in programs]
    say(common, {"run": name, "programs": programs}, _table([("ask", "program", "operator", "status", "score"), *rows]))
    return 0


def report(
    name: RunName = None,
    /,
    *,
    html: Annotated[Path | None, Parameter(help="The file to write. Default: the run's name with .html.")] = None,
    common: Common = DEFAULTS,
) -> int:
    """Write a run as one HTML page that loads nothing: verdict, curve, the champion's path as diffs, failures."""
    from ryumon.pages import write
    from ryumon.pages.run import run_page

    store = _store(common)
    name = latest(name, store.runs())
    target = html or Path(f"{name}.html")
    write(target, run_page(store, _history(store, name)))
    say(common, {"run": name, "html": str(target)}, f"{name}: written to {target}")
    return 0


def audit(
    name: RunName = None,
    /,
    *,
    head: Annotated[str | None, Parameter(help="The head that the run printed.")] = None,
    common: Common = DEFAULTS,
) -> int:
    """Recompute a run's hash chain and every text that it names; fails where anything was altered."""
    from ryumon.archive.history import History
    from ryumon.errors import StoreError
    from ryumon.store import read_files
    from ryumon.store.chain import verified
    from ryumon.store.records import Evaluated, decoded

    store = _store(common)
    name = latest(name, store.runs())
    history, texts = History(name), 0
    for event in verified(name, store.events(name)):
        record = decoded(event.body)
        history.apply(record, event.hash)
        files = getattr(record, "files", None) or {}
        texts += len(files)
        if read_files(store, files).id != getattr(record, "id", None) and isinstance(record, Evaluated) and files:
            raise StoreError(f"run {name}: event {event.seq} names a program by an id that is not its content's")
    found = history.head.hex()
    if head is not None and head != found:
        raise StoreError(f"run {name}: the chain ends in {found}, not in the head given; events are missing or added")
    record_ = {"run": name, "events": history.events, "texts": texts, "head": found, "intact": True}
    say(common, record_, f"{name}: {history.events} events and {texts} texts intact, head {found}")
    return 0


def _store(common: Common) -> "Store":
    from ryumon.store import open_store

    return open_store(common.store, create=False)


def _history(store: "Store", name: str) -> "History":
    from ryumon.archive.history import History

    return History(name).follow(store.events(name))


def _program(store: "Store", history: "History", id: str) -> "Program":
    from ryumon.archive.lineage import evaluated
    from ryumon.errors import BadInput
    from ryumon.store import read_files

    found = [known for known in history.where if known.startswith(id)]
    if len(found) != 1:
        raise BadInput(f"{id!r} names {len(found) or 'no'} programs of {history.run}; `ryumon export` lists their ids")
    record: Evaluated = evaluated(store, history, found[0])
    assert record.files is not None
    return read_files(store, record.files)


def _listing(program: "Program") -> list[str]:
    lines = []
    for path, text in program.files.items():
        lines += [f"  {path}", *(f"    {line}" for line in text.rstrip().splitlines())]
    return lines


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.6g}"


def _champion_test(summary: Any) -> str:
    return _number(summary.champion.test if summary.champion is not None else None)


def _table(rows: list[Any]) -> str:
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )
