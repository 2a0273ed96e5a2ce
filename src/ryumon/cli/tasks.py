"""`tasks`, `new`, `check`."""

import re
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ryumon.cli.options import CONFINED, DEFAULTS, Common, Confinement, say


def tasks(
    *,
    suite: Annotated[
        bool, Parameter(negative="", help="The families on which improvers are measured, instead.")
    ] = False,
    records: Annotated[
        bool, Parameter(negative="", help="The verified optimisation records with what is best known, instead.")
    ] = False,
    common: Common = DEFAULTS,
) -> int:
    """List the tasks that are installed."""
    if suite:
        return _suite(common)
    from ryumon import registry
    from ryumon.supervisor import find_task
    from ryumon.task import read_task
    from ryumon.tasks.records import FOLDER

    found = [read_task(find_task(name)) for name in registry.names("tasks")]
    shown = [task.spec for task in found if (task.path.parent == FOLDER) == records]
    lines = []
    for spec in shown:
        lines.append(f"{spec.name:21} {spec.direction}, default budget {spec.budget}: {spec.summary}")
        lines += [f"{'':23}{value:<14.10g} {name}" for name, value in spec.reference.items()]
    if not records:
        others = len(found) - len(shown)
        lines.append(f"and {others} verified optimisation records: ryumon tasks --records")
    say(common, {"tasks": shown if records else [task.spec for task in found]}, "\n".join(lines))
    return 0


def _suite(common: Common) -> int:
    """Lists the families of the suite by group, with what a gain on each is measured against."""
    import msgspec

    from ryumon.task import read_task
    from ryumon.tasks.suite import every_family

    records: list[dict[str, object]] = []
    lines: list[str] = []
    group = ""
    for family in every_family():
        spec = read_task(family.folder).spec
        records.append({**msgspec.to_builtins(family), "direction": spec.direction, "metric": spec.unit})
        if family.group != group:
            group = family.group
            lines.append(f"{group}:")
        lines.append(f"  {family.name:20} {spec.direction}: {spec.unit}")
        lines.append(f"  {'':20} {family.seed:<10.4g} seed")
        lines.append(f"  {'':20} {family.reference:<10.4g} {family.heuristic}: {family.source}")
    say(common, {"families": records}, "\n".join(lines))
    return 0


def new(
    path: Annotated[Path | None, Parameter(help="The new folder. Adopted: named as its source by default.")] = None,
    /,
    *,
    from_: Annotated[
        tuple[str, Path] | None,
        Parameter(name="--from", help="Adopt a task of another system: openevolve or shinka, then its folder."),
    ] = None,
    common: Common = DEFAULTS,
) -> int:
    """Make a small, complete task in the new folder PATH, to edit into your own, or adopt one by --from."""
    from ryumon.adoption import Adopted, adopt
    from ryumon.errors import BadInput

    if path is None and from_ is None:
        raise BadInput("name the new folder: ryumon new PATH")
    target = path if path is not None else Path(from_[1].resolve().name if from_ is not None else "")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BadInput(f"{target} is there and not an empty folder; name a new one")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", target.resolve().name).strip("-._")[:80] or "my-task"
    made = Adopted(_copied(target, name), ()) if from_ is None else adopt(from_[0], from_[1], target, name)
    first = "edit them, then " if from_ is None else ""
    say(
        common,
        {"task": name, "folder": str(target), "files": made.files, "notes": made.notes},
        "\n".join(
            [
                f"{target}: {', '.join(made.files)}",
                *made.notes,
                f"next: {first}`ryumon check {target}` and `ryumon run {target}`",
            ]
        ),
    )
    return 0


def _copied(target: Path, name: str) -> tuple[str, ...]:
    """Writes the template task into `target`, and returns its files."""
    import shutil

    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(__file__).parent / "template", target, dirs_exist_ok=True, ignore=ignored)
    spec = target / "task.toml"
    spec.write_text(re.sub(r'(?m)^name = ".*"', f'name = "{name}"', spec.read_text("utf-8"), count=1), "utf-8")
    return tuple(sorted(str(file.relative_to(target)) for file in target.rglob("*") if file.is_file()))


def check(
    task: Annotated[str, Parameter(help="A registered task's name, or a task's folder.")],
    /,
    *,
    seed: Annotated[int, Parameter(help="Fixes the cases.")] = 0,
    confinement: Confinement = CONFINED,
    common: Common = DEFAULTS,
) -> int:
    """Check a task: its seed scores and repeats, its splits share nothing, and planted cheats that suit it are refused
    or gain nothing. Exit code 1 if not."""
    import asyncio

    from ryumon import supervisor
    from ryumon.errors import BadInput, TaskError
    from ryumon.evaluation.check import examined
    from ryumon.improvers.mutate.vocabularies import vocabulary
    from ryumon.task import read_task

    folder = read_task(supervisor.find_task(task))
    try:
        vocabulary(folder.spec.vocabulary)
    except BadInput as error:
        raise TaskError(f"{folder.path / 'task.toml'}: {error}") from error
    tier = confinement.tier()
    report = asyncio.run(examined(folder, tier, seed))
    lines = [f"{folder.spec.name}: {'passed' if report.passed else 'FAILED'}, sandbox tier {tier}"]
    lines += [
        f"  {'ok  ' if finding.passed else 'FAIL'}  {finding.what}: {finding.found}" for finding in report.findings
    ]
    say(common, report, "\n".join(lines))
    return 0 if report.passed else 1
