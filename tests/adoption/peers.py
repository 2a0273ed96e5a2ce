"""Small tasks of our own in the layouts of other systems: come close to exp on four points."""

from pathlib import Path

PROGRAM = """import math

SCALE = 1.0


# EVOLVE-BLOCK-START
def guess(x):
    y = x * 0.5
    return y + 1.0


# EVOLVE-BLOCK-END
def answers(inputs):
    found = [SCALE * guess(x) for x in inputs]
    return [math.nan if y is None else y for y in found]
"""
CURVE = """import json
import math
from pathlib import Path

INPUTS = json.loads((Path(__file__).parent / "inputs.json").read_text())


def distance(found):
    return sum(abs(y - math.exp(x)) for x, y in zip(INPUTS, found, strict=True))
"""
OPENEVOLVE = """import importlib.util
import time

from openevolve.evaluation_result import EvaluationResult

import curve


def evaluate(program_path):
    began = time.time()
    spec = importlib.util.spec_from_file_location("program", program_path)
    program = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(program)
        missed = curve.distance(program.answers(curve.INPUTS))
    except Exception as error:
        return {"combined_score": 0.0, "error": f"it raised {error!r}"}
    metrics = {"combined_score": 1 / (1 + missed), "missed": missed, "eval_time": time.time() - began}
    return EvaluationResult(metrics=metrics, artifacts={"advice": f"off by {missed:.3f}"})
"""
CONFIG = """max_iterations: 10
prompt:
  system_message: |
    Come close to the exponential function.
evaluator:
  timeout: 7
"""
SHINKA = """import argparse

from shinka.core import run_shinka_eval

import curve


def valid(found):
    return (True, None) if len(found) == len(curve.INPUTS) else (False, f"{len(found)} answers")


def total(results):
    missed = max(curve.distance(found) for found in results)
    return {"combined_score": 1 / (1 + missed), "public": {"missed": missed, "note": "closer"}, "private": {"key": 7}}


def main(program_path: str, results_dir: str):
    run_shinka_eval(
        program_path=program_path,
        results_dir=results_dir,
        experiment_fn_name="answers",
        num_runs=2,
        get_experiment_kwargs=lambda run: {"inputs": curve.INPUTS},
        validate_fn=valid,
        aggregate_metrics_fn=total,
        run_workers=2,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path", default="initial.py")
    parser.add_argument("--results_dir", default="results")
    asked = parser.parse_args()
    main(asked.program_path, asked.results_dir)
"""
LAYOUTS = {
    "openevolve": {"initial_program.py": PROGRAM, "evaluator.py": OPENEVOLVE, "config.yaml": CONFIG},
    "shinka": {"initial.py": PROGRAM, "evaluate.py": SHINKA},
}
BESIDE = {
    "curve.py": CURVE,
    "inputs.json": "[-0.5, 0.0, 0.25, 0.5]",
    "best_program.py": "answer = 1\n",
    "notes.md": "x",
}


def lay_out(folder: Path, system: str, **changed: str | None) -> Path:
    """Writes one of the tasks into `folder`; `changed` replaces a file's text by its stem, None leaves it out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**LAYOUTS[system], **BESIDE}.items():
        new = changed.get(Path(name).stem, text)
        if new is not None:
            (folder / name).write_text(new)
    return folder
