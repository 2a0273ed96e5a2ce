"""Where a task's read-only data are found: below /data, or linked in a folder where a tier can mount nothing.

`RYUMON_DATA` names that folder at every tier, for candidates, drivers and the worker alike.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ryumon.sandbox.cache import cache
from ryumon.sandbox.tiers import Tier, mounted

VARIABLE = "RYUMON_DATA"
ROOT = "/data"


class Placed(msgspec.Struct, frozen=True):
    """The folder in which data are found, "" where there are none, and the binds of (source, destination) that show
    them there."""

    folder: str
    binds: tuple[tuple[str, str], ...]


def placed(data: Mapping[str, str], tier: Tier) -> Placed:
    """Returns where `data` (absolute paths by name) are found at a tier."""
    if not data:
        return Placed("", ())
    if mounted(tier):
        return Placed(ROOT, tuple((path, f"{ROOT}/{name}") for name, path in data.items()))
    folder = _linked(data)
    return Placed(folder, tuple((path, path) for path in (*data.values(), folder)))


def _linked(data: Mapping[str, str]) -> str:
    """Returns a folder that holds a link for each name. It is made once, whole, and the same for the same data."""
    digest = hashlib.sha256(msgspec.msgpack.encode(dict(sorted(data.items())))).hexdigest()[:24]
    folder = cache("data") / digest
    if not folder.exists():
        making = Path(tempfile.mkdtemp(dir=folder.parent))
        for name, path in data.items():
            (making / name).symlink_to(path)
        making.chmod(0o755)
        try:
            os.rename(making, folder)
        except OSError:  # another run has just made it
            for link in making.iterdir():
                link.unlink()
            making.rmdir()
    return str(folder)
