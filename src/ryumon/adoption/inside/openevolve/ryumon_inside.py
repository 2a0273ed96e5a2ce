"""Runs this folder's OpenEvolve evaluator on the candidate beside it, in the sandbox.

`evaluate` alone is called: its stages, where it has some, are not.
"""

import asyncio
import inspect
import os
from typing import Any

from ryumon_claims import claim, failure, figures, load, told  # type: ignore[import-not-found]


def measure(program: str) -> dict[str, Any]:
    """Returns the claim of `evaluate` on the program: its `combined_score`, or the mean of its metrics without one."""
    returned = load("evaluation_module", "evaluator.py").evaluate(os.path.abspath(program))
    if inspect.iscoroutine(returned):
        returned = asyncio.run(returned)
    metrics, artifacts = getattr(returned, "metrics", returned), getattr(returned, "artifacts", {})
    if not isinstance(metrics, dict):
        return dict(failure(f"evaluate returned a {type(returned).__name__}, and no metrics"))
    error, found = metrics.get("error"), figures(metrics)
    found.pop("error", None)
    if (isinstance(error, str) and error) or metrics.get("timeout") is True or not metrics.keys() - {"error"}:
        said = error if isinstance(error, str) else "it ran out of time" if metrics.get("timeout") is True else ""
        return dict(failure(said or told(artifacts)))
    score = metrics["combined_score"] if "combined_score" in metrics else sum(found.values()) / max(1, len(found))
    return dict(claim(score, found, told(artifacts)))
