"""The other systems' own examples, adopted and run in the sandbox, as far as what they need is installed here.

Run: python -m benchmarks.peers.examples [--openevolve CHECKOUT] [--shinka CHECKOUT] [--cpu 30] [--match PART]
     [--install]
Prints how the initial program of each example scores. With --install, an example's requirements are installed for it,
which takes gigabytes for all of them. Nothing of a checkout is kept. Last result: see docs/results/peers.md.
"""

import argparse
import asyncio
import re
import tempfile
from pathlib import Path

from ryumon.adoption import SYSTEMS, adopt
from ryumon.engines.local import LocalEngine
from ryumon.errors import RyumonError
from ryumon.evaluation.evaluator import Evaluator
from ryumon.task import read_task


def scored(folder: Path) -> str:
    """Returns what the adopted seed in `folder` comes to."""
    task = read_task(folder)

    async def inside() -> str:
        engine = LocalEngine(task, "A", 1)
        try:
            found = await Evaluator(engine, task, 0).read(task.seed, "train", 0)
        finally:
            engine.close()
        said = f"{found.score:.6g}" if found.score is not None else " ".join(found.reason.split())[:150]
        return f"{found.status} | {said}"

    return asyncio.run(inside())


def tried(system: str, example: Path, cpu_s: float, *, install: bool) -> str:
    """Returns the row of one example."""
    with tempfile.TemporaryDirectory() as place:
        try:
            made = adopt(system, example, Path(place, "task"), "example")
            spec = Path(place, "task", "task.toml")
            text = re.sub(r"(?m)^cpu_s = .*$", f"cpu_s = {cpu_s:g}", spec.read_text("utf-8"))
            if not install and "requirements = " in text:
                text = re.sub(r"(?m)^requirements = .*\n", "", text)
                text = re.sub(r"(?m)^preload = .*$", 'preload = ["numpy"]', text)
            spec.write_text(re.sub(r"(?m)^wall_s = .*$", f"wall_s = {2 * cpu_s:g}", text), "utf-8")
            absent = [note for note in made.notes if note.startswith(("imports what", "not installed"))]
            names = ", ".join(note.partition(": ")[2].partition(";")[0] for note in absent)
            return f"{scored(Path(place, 'task'))} | {names}"
        except RyumonError as error:
            return f"not run | {' '.join(str(error).replace(f'{example}: ', '').replace(place, '').split())[:150]} | "


def main() -> None:
    """Tries every example of the checkouts given, and prints a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in SYSTEMS:
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--cpu", type=float, default=30.0)
    parser.add_argument("--match", default="")
    parser.add_argument("--install", action="store_true")
    asked = parser.parse_args()
    print("| system | example | initial program | score, or why not | not installed here |\n|---|---|---|---|---|")
    for name, system in SYSTEMS.items():
        checkout = getattr(asked, name)
        if checkout is None:
            continue
        examples = checkout / "examples"
        for evaluator in sorted(examples.rglob(system.evaluator)):
            example = evaluator.parent.relative_to(examples).as_posix()
            if asked.match in example:
                print(
                    f"| {name} | {example} | {tried(name, evaluator.parent, asked.cpu, install=asked.install)} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
