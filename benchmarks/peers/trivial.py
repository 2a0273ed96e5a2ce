"""One trivial task, in the layout of each system: come close to exp(0.5) by a line. All write the same program."""

from pathlib import Path

PROGRAM = """# EVOLVE-BLOCK-START
def f(x):
    y = x * 0.5
    return y + 1.0


# EVOLVE-BLOCK-END
"""
LOAD = """
import importlib.util


def load(path):
    spec = importlib.util.spec_from_file_location("program", path)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program


def distance(value):
    return abs(value - 1.6487212707)
"""
OPENEVOLVE = (
    LOAD
    + """

def evaluate(program_path):
    value = load(program_path).f(0.5)
    return {"combined_score": 1 / (1 + distance(value))}
"""
)
ARGUMENTS = """

if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path")
    parser.add_argument("--results_dir")
    asked, _ = parser.parse_known_args()
    main(asked.program_path, asked.results_dir)
"""
SHINKA_BARE = (
    LOAD
    + """

def main(program_path, results_dir):
    import json
    import os

    value = load(program_path).f(0.5)
    score = 1 / (1 + distance(value))
    os.makedirs(results_dir, exist_ok=True)
    with open(os.path.join(results_dir, "metrics.json"), "w") as file:
        json.dump({"combined_score": score, "public": {}, "private": {}}, file)
    with open(os.path.join(results_dir, "correct.json"), "w") as file:
        json.dump({"correct": True, "error": None}, file)
"""
    + ARGUMENTS
)
SHINKA_DOCUMENTED = (
    LOAD
    + """
from shinka.core import run_shinka_eval


def main(program_path, results_dir):
    run_shinka_eval(
        program_path=program_path,
        results_dir=results_dir,
        experiment_fn_name="f",
        num_runs=1,
        get_experiment_kwargs=lambda run: {"x": 0.5},
        aggregate_metrics_fn=lambda found: {"combined_score": 1 / (1 + distance(found[0]))},
    )
"""
    + ARGUMENTS
)
RYUMON = """
from ryumon import Case, Result, Task
from ryumon.evaluation.claims import number


class Trivial(Task):
    def cases(self, split, seed):
        return [Case("half", 0.5)]

    def evaluate(self, program, case):
        return Result(1 / (1 + abs(number(program.call("initial.py:f", case.data)) - 1.6487212707)))
"""
RYUMON_TOML = """name = "trivial"
direction = "maximize"
editable = ["initial.py"]
splits = "one"
[limits]
cpu_s = 3.0
"""


def nth(number: int) -> str:
    """Returns the program that the scripted model proposes in its answer of that number: each is a new one."""
    return PROGRAM.replace("0.5", repr(0.5 + number / 1_000_000))


def write_ryumon(folder: Path) -> Path:
    """Writes the task as ryumon's own, evaluator and candidate apart."""
    (folder / "seed").mkdir(parents=True)
    (folder / "task.toml").write_text(RYUMON_TOML)
    (folder / "task.py").write_text(RYUMON)
    (folder / "seed" / "initial.py").write_text(PROGRAM)
    return folder


def write_openevolve(folder: Path, base: str, iterations: int, *, checkpoint: int) -> Path:
    """Writes the task for OpenEvolve: two evaluations at a time, whole programs, its own defaults elsewhere."""
    folder.mkdir(parents=True)
    (folder / "initial_program.py").write_text(PROGRAM)
    (folder / "evaluator.py").write_text(OPENEVOLVE)
    (folder / "config.yaml").write_text(f"""max_iterations: {iterations}
checkpoint_interval: {checkpoint}
diff_based_evolution: false
log_level: WARNING
llm:
  primary_model: scripted
  api_base: {base}
  timeout: 30
  retries: 1
evaluator:
  timeout: 8
  max_retries: 0
  cascade_evaluation: false
  parallel_evaluations: 2
""")
    return folder


def write_shinka(folder: Path, *, documented: bool) -> Path:
    """Writes the task for ShinkaEvolve, its evaluator bare or as documented."""
    folder.mkdir(parents=True)
    (folder / "initial.py").write_text(PROGRAM)
    (folder / "evaluate.py").write_text(SHINKA_DOCUMENTED if documented else SHINKA_BARE)
    return folder
