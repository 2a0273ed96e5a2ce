"""The systems compared: each in an environment of its own, how a run of it is started, and how its scores are read."""

import json
import os
import sqlite3
import subprocess
import sys
import venv
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import trivial

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGES = {"openevolve": "openevolve", "shinka": "shinka-evolve", "shinka-documented": "shinka-evolve"}
FITNESS = """
import json, sys
from openevolve.utils.metrics_utils import get_fitness_score
print(json.dumps([get_fitness_score(metrics, []) for metrics in json.load(sys.stdin)]))
"""
ARMS = ("ryumon", *PACKAGES)


@dataclass(frozen=True)
class Scored:
    """A program that a run kept, with what it made of it; `score` None where it says that it failed."""

    code: str
    score: float | None
    said: str


@dataclass(frozen=True)
class Arm:
    """One system, installed."""

    name: str
    python: Path
    version: str

    def race(self, folder: Path, base: str, iterations: int) -> list[str]:
        """Writes the task below `folder`, and returns the command that improves it for so many iterations."""
        return self._command(folder, base, iterations, checkpoint=100)

    def attack(self, folder: Path, base: str, iterations: int) -> list[str]:
        """The same for a short run of which every program is kept."""
        return self._command(folder, base, iterations, checkpoint=1)

    def _command(self, folder: Path, base: str, iterations: int, *, checkpoint: int) -> list[str]:
        python, task = str(self.python), folder / "task"
        if self.name == "ryumon":
            trivial.write_ryumon(task)
            return [python, str(HERE / "ryumon_arm.py"), str(task), "race", str(folder / "store"), str(iterations)]
        if self.name == "openevolve":
            trivial.write_openevolve(task, base, iterations, checkpoint=checkpoint)
            files = [str(task / name) for name in ("initial_program.py", "evaluator.py")]
            options = ["--config", str(task / "config.yaml"), "--output", str(folder / "out")]
            return [python, "-m", "openevolve.cli", *files, *options, "--iterations", str(iterations)]
        trivial.write_shinka(task, documented=self.name == "shinka-documented")
        script = str(HERE / "shinka_arm.py")
        # Its first generation is the initial program, for which no model is asked.
        return [python, script, str(task), str(folder / "out"), str(iterations + 1), base]

    def environment(self, key: str) -> dict[str, str]:
        """Returns the environment of a run, with an API key in it."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        path = os.pathsep.join([str(self.python.parent), kept.get("PATH", "")])
        return {
            **kept,
            "HOME": str(self.python.parents[1]),
            "PATH": path,
            "OPENAI_API_KEY": key,
            "SHINKA_PRICING_MODE": "offline",
        }

    def scored(self, folder: Path) -> list[Scored]:
        """Returns the programs that a run of a model-driven system kept."""
        return _openevolve(self.python, folder / "out") if self.name == "openevolve" else _shinka(folder / "out")


def installed(name: str, cache: Path, versions: Mapping[str, str]) -> Arm:
    """Returns an arm, in an environment below `cache` that is made where it is not there."""
    if name == "ryumon":
        return Arm(name, Path(sys.executable), _version(Path(sys.executable), "ryumon"))
    package = PACKAGES[name]
    place = cache.resolve() / package
    python = place / "bin" / "python"
    if not (place / "complete").exists():
        print(f"installing {package} into {place}", flush=True)
        venv.create(place, with_pip=True, clear=True)
        wanted = f"{package}=={versions[package]}" if package in versions else package
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted], check=True)
        (place / "complete").touch()
    return Arm(name, python, _version(python, package))


def _version(python: Path, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _openevolve(python: Path, out: Path) -> list[Scored]:
    """Returns what checkpoints hold, with the fitness that OpenEvolve itself gives to each program."""
    texts = [path.read_text("utf-8") for path in sorted(out.glob("checkpoints/*/programs/*.json"))]
    programs = {program["id"]: program for program in map(json.loads, texts)}
    metrics = json.dumps([program["metrics"] for program in programs.values()])
    told = subprocess.run([python, "-c", FITNESS], input=metrics, capture_output=True, text=True, check=True).stdout
    return [
        Scored(program["code"], program["metrics"].get("combined_score"), f"fitness {fitness:.6g}")
        for program, fitness in zip(programs.values(), json.loads(told), strict=True)
    ]


def _shinka(out: Path) -> list[Scored]:
    found = []
    for path in out.rglob("*.sqlite"):
        with closing(sqlite3.connect(path)) as database:
            for code, score, correct in database.execute("SELECT code, combined_score, correct FROM programs"):
                found.append(
                    Scored(
                        code, score if correct else None, f"score {score:.6g}, {'correct' if correct else 'incorrect'}"
                    )
                )
    return found
