"""The folder of this user's that keeps what ryumon can make again: environments of candidates, links to data."""

import os
from pathlib import Path


def cache(kind: str) -> Path:
    """Returns the folder for one kind of thing, made where needed: `$XDG_CACHE_HOME/ryumon/KIND`, below `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base, "ryumon", kind).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
