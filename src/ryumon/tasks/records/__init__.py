"""Verified optimisation records: constructions with a published best value, each checked exactly.

A task's folder is laid out as a user's own; tasks of one kind share a verifier. Each names `verifiers` under `[paths]`
of its `task.toml`, so that a run's figures belong to the verifiers' text too. No construction is kept here: what is
best known is a figure and its source.
"""

from pathlib import Path

FOLDER = Path(__file__).parent


def folders() -> tuple[Path, ...]:
    """Returns the folders of all records, by name."""
    return tuple(sorted(path.parent for path in FOLDER.glob("*/task.toml")))
