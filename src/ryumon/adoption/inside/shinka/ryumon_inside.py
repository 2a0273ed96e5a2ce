"""Runs this folder's ShinkaEvolve evaluator on the candidate beside it, in the sandbox, and reads what it wrote."""

import json
import os
from pathlib import Path
from typing import Any

from ryumon_claims import claim, failure, figures, load, told  # type: ignore[import-not-found]

RESULTS = Path("results")


def measure(program: str) -> dict[str, Any]:
    """Returns the claim of `main`: the `combined_score` of metrics.json, a failure unless correct.json says correct."""
    RESULTS.mkdir(exist_ok=True)
    load("evaluate", "evaluate.py").main(os.path.abspath(program), str(RESULTS.resolve()))
    verdict, metrics = _read("correct.json"), _read("metrics.json")
    if verdict is None or metrics is None:
        return dict(failure("evaluate.py wrote no correct.json and metrics.json of use"))
    if verdict.get("correct") is not True:
        return dict(failure(str(verdict.get("error") or "")))
    public = metrics.get("public") if isinstance(metrics.get("public"), dict) else {}
    assert isinstance(public, dict)
    numbers = {**figures(public), **figures(metrics)}
    texts = {name: value for name, value in public.items() if isinstance(value, str)}
    feedback = metrics.get("text_feedback")
    words = {"feedback": feedback, **texts} if feedback else texts
    return dict(claim(metrics.get("combined_score"), numbers, told(words)))


def _read(name: str) -> dict[str, Any] | None:
    try:
        found = json.loads((RESULTS / name).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
