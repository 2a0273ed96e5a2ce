"""Writing an adopted task: seed/ with the program, its evaluator and what stands in for its system, and our task.py."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import msgspec

from ryumon.adoption.source import SYSTEMS, Source, System, read_source
from ryumon.blocks import fixed
from ryumon.errors import BadInput
from ryumon.program import checked

HERE = Path(__file__).parent
LANGUAGES = {
    ".py": "python", ".rs": "rust", ".go": "go", ".jl": "julia", ".c": "c", ".cpp": "cpp", ".cu": "cuda", ".r": "r",
    ".js": "javascript", ".ts": "typescript", ".f90": "fortran", ".swift": "swift", ".wl": "wolfram",
    ".sv": "systemverilog", ".txt": "text",
}  # fmt: skip
DEFAULT_S = 60.0
READ = ("config.yaml", "shinka.yaml", "requirements.txt")
STARTERS = re.compile(r"\b(subprocess|multiprocessing|threading|concurrent|asyncio|joblib|os\.system|os\.fork)\b")


class Adopted(msgspec.Struct, frozen=True):
    """What was made: the files of the new folder, and what a person should know about it, a line each."""

    files: tuple[str, ...]
    notes: tuple[str, ...]


def adopt(system_name: str, source_folder: Path, target: Path, name: str) -> Adopted:
    """Writes the task in `source_folder` as a ryumon task named `name` into the folder `target`.

    Nothing is written where it cannot be whole; raises `BadInput`.
    """
    if system_name not in SYSTEMS:
        raise BadInput(f"unknown system {system_name!r}; ryumon adopts tasks of {' and '.join(SYSTEMS)}")
    system = SYSTEMS[system_name]
    source = read_source(system, source_folder)
    config, unread = _config(source_folder)
    needed = _requirements(system, source, source_folder)
    texts = {f"seed/{path}": text for path, text in _seed(system, source).items()}
    texts["task.py"] = (HERE / "trusted" / "task.py").read_text("utf-8")
    texts["task.toml"] = _toml(system, source, config, name, needed)
    texts["brief.md"] = _brief(system, source, config)
    if needed:
        texts["requirements.txt"] = "\n".join(needed) + "\n"
    for path, text in texts.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text, "utf-8")
    return Adopted(tuple(sorted(texts)), (*_notes(source, needed), *unread))


def _notes(source: Source, needed: tuple[str, ...]) -> list[str]:
    """Returns what a person should know of the task that was made."""
    notes = [
        'unseparated: the evaluator runs beside the candidate, so a verdict is at most "no evidence"; '
        "task.py says how to split it"
    ]
    missing = [] if needed else sorted(_tops(source) - _installed(source))
    if fixed(source.files[source.program]) is None:
        notes.append(f"{source.program} marks no EVOLVE-BLOCK: all of it may change")
    if missing:
        notes.append(f"not installed here: {', '.join(missing)}; name it under requirements in task.toml")
    if source.absent:
        notes.append(f"imports what has no stand-in in the sandbox: {', '.join(source.absent)}; take it out")
    left_out = [path for path in source.left_out if path not in READ]
    if left_out:
        shown = ", ".join(left_out[:8]) + (", ..." if len(left_out) > 8 else "")
        notes.append(f"left out, since nothing imports or names them: {shown}")
    return notes


def _seed(system: System, source: Source) -> dict[str, str]:
    """Returns the files of seed/; raises `BadInput` where they are too much for a program, and names the largest."""
    try:
        return checked({**source.files, **_inside(system, source)}).files
    except BadInput as error:
        largest = max(source.files, key=lambda path: len(source.files[path]))
        raise BadInput(
            f"{error}; {system.evaluator} imports or names {len(source.files)} files, of which {largest} is the largest"
        ) from error


def _inside(system: System, source: Source) -> dict[str, str]:
    """Returns the files that stand in for the system; none that the task brings itself."""
    found = {}
    for part in ("both", system.name):
        for path in sorted((HERE / "inside" / part).rglob("*.py")):
            found[path.relative_to(HERE / "inside" / part).as_posix()] = path.read_text("utf-8")
    taken = sorted(found.keys() & source.files.keys())
    if taken:
        raise BadInput(f"the task has a {taken[0]} of its own, a name that ryumon needs there; rename it")
    return found


def _tops(source: Source) -> set[str]:
    return {name.split(".")[0] for name in source.modules}


def _installed(source: Source) -> set[str]:
    return {name for name in _tops(source) if importlib.util.find_spec(name) is not None}


def _requirements(system: System, source: Source, folder: Path) -> tuple[str, ...]:
    """Returns the lines of the task's requirements.txt, the system's own left out; none where all is installed here."""
    path = folder / "requirements.txt"
    if not path.is_file() or _tops(source) <= _installed(source):
        return ()
    lines = (line.strip() for line in path.read_text("utf-8", "replace").splitlines())
    own = (system.package, f"{system.package}_evolve")
    return tuple(line for line in lines if line and not line.startswith("#") and _package(line) not in own)


def _package(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("-", "_")


def _preload(source: Source, needed: tuple[str, ...]) -> list[str]:
    """Returns the modules to import before the candidate: those that will be there under the name of their package."""
    there = {_package(line) for line in needed} if needed else _installed(source)
    return sorted({"numpy", *(module for module in source.modules if module.split(".")[0] in there)})


def _toml(system: System, source: Source, config: dict[str, Any], name: str, needed: tuple[str, ...]) -> str:
    suffix = Path(source.program).suffix.lower()
    texts = "\n".join(source.files[path] for path in sorted(source.files))
    packages = 'requirements = "requirements.txt"\n' if needed else ""
    evaluator = config.get("evaluator")
    timeout = evaluator.get("timeout") if isinstance(evaluator, dict) else None
    seconds = float(timeout) if isinstance(timeout, int | float) and timeout > 0 else DEFAULT_S
    return f"""\
# Adopted from a task of {system.title}. seed/ holds all of it; task.py says how to split off its evaluator.
name = {json.dumps(name)}
direction = "maximize"
summary = "Adopted from {system.title}."
unit = "combined score"
language = "{LANGUAGES.get(suffix, suffix.removeprefix("."))}"
editable = [{json.dumps(source.program, ensure_ascii=False)}]
vocabulary = "{"numpy-elementwise" if "numpy" in source.files[source.program] else "arithmetic"}"
splits = "one"
budget = "300ev,10m"
{packages}preload = {json.dumps(_preload(source, needed))}
unseparated = true                      # the evaluator and the candidate are one process: at most "no evidence"

# For the evaluator and the candidate together. CPU time decides; wall clock ends what sleeps.
[limits]
cpu_s = {seconds:g}
wall_s = {2 * seconds:g}
memory_mb = 2048
processes = {64 if STARTERS.search(texts) else 1}

# [noise]                               # where the score differs from run to run; docs/tasks.md says what it does
"""


def _brief(system: System, source: Source, config: dict[str, Any]) -> str:
    prompt, evolution = config.get("prompt"), config.get("evo_config")
    asked = prompt.get("system_message") if isinstance(prompt, dict) else None
    asked = evolution.get("task_sys_msg") if asked is None and isinstance(evolution, dict) else asked
    where = "what lies between its EVOLVE-BLOCK markers" if fixed(source.files[source.program]) else "all of it"
    return f"""# {source.program}

{asked.strip() if isinstance(asked, str) else f"Improve the program that {system.evaluator} measures."}

`{source.program}` may change: {where}. `{system.evaluator}` measures it; its `combined_score` is to be maximised.
"""


def _config(folder: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Returns what the one configuration file beside a task says; a note where it was not read."""
    found = [path for path in sorted(folder.glob("*.yaml")) if path.name in READ]
    if not found:
        return {}, ()
    try:
        import yaml
    except ImportError:
        return {}, (f"{found[0].name} was not read: pip install pyyaml, or set brief.md and [limits] yourself",)
    try:
        said = yaml.safe_load(found[0].read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"{found[0]}: {' '.join(str(error).split())}") from error
    return (said, ()) if isinstance(said, dict) else ({}, ())
