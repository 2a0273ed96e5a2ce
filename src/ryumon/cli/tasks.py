"""`tasks`, `new`, `check`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ryumon.cli.options import DEFAULTS, Common, say
from ryumon.cli.running import MinTier, Unsafe


def tasks(*, common: Common = DEFAULTS) -> int:
    """List the tasks that are installed."""
    from ryumon import registry
    from ryumon.supervisor import find_task
    from ryumon.task import read_task

    specs = [read_task(find_task(name)).spec for name in registry.names("tasks")]
    lines = []
    for spec in specs:
        lines.append(f"{spec.name:16} {spec.direction}, default budget {spec.budget}: {spec.summary}")
        lines += [f"{'':18}{value:<12g} {name}" for name, value in spec.reference.items()]
    say(common, {"tasks": specs}, "\n".join(lines))
    return 0


def new(path: Path, /, *, common: Common = DEFAULTS) -> int:
    """Make a small, complete task in the new folder PATH, to edit into your own."""
    import re
    import shutil

    from ryumon.errors import BadInput

    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise BadInput(f"{path} is there and not an empty folder; name a new one")
    shutil.copytree(
        Path(__file__).parent / "template", path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    spec = path / "task.toml"
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.resolve().name).strip("-._") or "my-task"
    spec.write_text(re.sub(r'(?m)^name = ".*"', f'name = "{name}"', spec.read_text("utf-8"), count=1), "utf-8")
    files = sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())
    say(
        common,
        {"task": name, "folder": str(path), "files": files},
        f"{path}: {', '.join(files)}\nnext: edit them, then `ryumon check {path}` and `ryumon run {path}`",
    )
    return 0


def check(
    task: Annotated[str, Parameter(help="A registered task's name, or a task's folder.")],
    /,
    *,
    seed: Annotated[int, Parameter(help="Fixes the cases.")] = 0,
    min_tier: MinTier = None,
    unsafe_no_sandbox: Unsafe = False,
    common: Common = DEFAULTS,
) -> int:
    """Check a task: its seed scores, its noise floor, and that planted cheats are refused. Exit code 1 if not."""
    import asyncio

    from ryumon import supervisor
    from ryumon.evaluation.check import examined
    from ryumon.task import read_task

    folder = read_task(supervisor.find_task(task))
    tier = supervisor.admitted_tier(least=min_tier, unsafe=unsafe_no_sandbox)
    report = asyncio.run(examined(folder, tier, seed))
    lines = [f"{folder.spec.name}: {'passed' if report.passed else 'FAILED'}, sandbox tier {tier}"]
    lines += [
        f"  {'ok  ' if finding.passed else 'FAIL'}  {finding.what}: {finding.found}" for finding in report.findings
    ]
    say(common, report, "\n".join(lines))
    return 0 if report.passed else 1
