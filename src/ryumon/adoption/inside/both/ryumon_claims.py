"""What an adopted evaluator says, as a claim. Runs in the sandbox beside the candidate, no more trusted than it."""

import importlib.util
import math
import os
import sys
from types import ModuleType
from typing import Any

FEEDBACK_CHARACTERS = 1_800


def load(name: str, file: str) -> ModuleType:
    """Returns the module in `file`, a path in the work folder, imported as `name`."""
    if not os.path.exists(file):
        raise RuntimeError(f"{file} is not there: an adopted evaluator needs a work folder, as sandbox tier A has")
    # What it starts is to find the same packages, and a place to write.
    os.environ.setdefault("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    for variable in ("HOME", "TMPDIR", "MPLCONFIGDIR"):
        os.environ[variable] = os.getcwd()
    spec = importlib.util.spec_from_file_location(name, os.path.abspath(file))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def figures(said: dict[str, Any]) -> dict[str, float]:
    """Returns the finite numbers of a dictionary, by name."""
    found = {}
    for name, value in said.items():
        try:
            number = math.nan if isinstance(value, str | bytes) else float(value)
        except (TypeError, ValueError, OverflowError):
            continue
        if math.isfinite(number):
            found[str(name)] = number
    return found


def told(said: dict[str, Any]) -> str:
    """Returns words for the improver: each entry under its name."""
    parts = []
    for name, value in said.items():
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        parts.append(f"{name}: {text}".strip())
    return "\n".join(parts)[:FEEDBACK_CHARACTERS]


def claim(score: Any, metrics: dict[str, float], feedback: str) -> dict[str, Any]:
    """Returns the claim of an evaluation that came to a score; one that is not finite is a failure."""
    found = figures({"score": score}).get("score")
    if found is None:
        return failure(f"the evaluator's score is {score!r}, not a finite number")
    return {"score": found, "metrics": metrics, "feedback": feedback.encode("utf-8", "replace").decode()}


def failure(why: str) -> dict[str, Any]:
    """Returns the claim of an evaluation that failed."""
    return {"failure": (why or "the evaluator gave no reason").encode("utf-8", "replace").decode(), "metrics": {}}
