"""Stands in for ShinkaEvolve's frame of an evaluation: runs, checks, aggregates, and writes what came of it.

Every run is made, one after the other: there is no early stop, no pool of processes and no plot here.
"""

import importlib.util
import json
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

Checked = tuple[bool, str | None]


def run_shinka_eval(
    program_path: str,
    results_dir: str,
    experiment_fn_name: str,
    num_runs: int,
    get_experiment_kwargs: Callable[[int], dict[str, Any]] | None = None,
    aggregate_metrics_fn: Callable[[list[Any]], dict[str, Any]] | None = None,
    validate_fn: Callable[[Any], Checked] | None = None,
    plotting_fn: Callable[[Any], Any] | None = None,
    default_metrics_on_error: dict[str, Any] | None = None,
    **unused: Any,
) -> tuple[dict[str, Any], bool, str | None]:
    """Returns the metrics of `num_runs` runs, whether all were valid, and the first complaint; writes both files."""
    errors: list[str] = []
    results: list[Any] = []
    seconds: list[float] = []
    try:
        function = getattr(load_program(program_path), experiment_fn_name)
        for run in range(num_runs):
            given = get_experiment_kwargs(run) if get_experiment_kwargs is not None else {"seed": run + 1}
            began = time.perf_counter()
            results.append(function(**given))
            seconds.append(time.perf_counter() - began)
            valid, why = validate_fn(results[-1]) if validate_fn is not None else (True, None)
            if not valid:
                errors.append(f"Validation failed: {why or f'run {run + 1}'}")
        metrics = aggregate_metrics_fn(results) if aggregate_metrics_fn is not None else {}
        metrics.update(_counts(seconds, errors, checked=validate_fn is not None))
        score = metrics.get("combined_score")
        if isinstance(score, float | int) and not math.isfinite(score):
            errors.append(f"combined_score is {score}")
    except Exception as error:  # noqa: BLE001  whatever the candidate or the checks raise is what came of it
        metrics = {"combined_score": 0.0, **_counts(seconds, errors, checked=True), **(default_metrics_on_error or {})}
        errors.insert(0, f"{type(error).__name__}: {error}")
    metrics.pop("extra_data", None)
    correct, first = not errors, errors[0] if errors else None
    save_json_results(results_dir, metrics, correct, first)
    return metrics, correct, first


def load_program(program_path: str) -> ModuleType:
    """Returns the program, imported as `program`."""
    spec = importlib.util.spec_from_file_location("program", program_path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{program_path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def save_json_results(
    results_dir: str, metrics: dict[str, Any], correct: bool, error: str | None = None, verbose: bool = True
) -> None:
    """Writes metrics.json and correct.json."""
    folder = Path(results_dir)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "correct.json").write_text(json.dumps({"correct": correct, "error": error}), "utf-8")
    (folder / "metrics.json").write_text(json.dumps(metrics, default=_plain), "utf-8")


def _counts(seconds: list[float], errors: list[str], *, checked: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "execution_time_mean": statistics.fmean(seconds) if seconds else 0.0,
        "execution_time_std": statistics.pstdev(seconds) if seconds else 0.0,
    }
    if checked:
        found["num_valid_runs"] = len(seconds) - len(errors)
        found["num_invalid_runs"] = len(errors)
        found["all_validation_errors"] = list(dict.fromkeys(errors))
    return found


def _plain(value: Any) -> Any:
    """Returns a numpy scalar or array as Python's own, anything else as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
