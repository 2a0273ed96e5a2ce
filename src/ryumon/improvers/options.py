"""An improver's options as a command line gives them: NAME=VALUE, where a name with dots reaches into a table.

A run records them as they were written; the improver reads them by `plain`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ryumon.errors import BadInput


def assigned(settings: Iterable[str]) -> dict[str, str]:
    """Returns NAME=VALUE settings by name; raises `BadInput` for one that is not written so, or named twice."""
    found: dict[str, str] = {}
    for setting in settings:
        name, sign, value = (part.strip() for part in setting.partition("="))
        if not (all(name.split(".")) and sign):
            raise BadInput(f"option {setting!r}: write NAME=VALUE, as in parents=dgm or tuning.stale=100")
        if name in found:
            raise BadInput(f"option {name!r} is given twice")
        found[name] = value
    return found


def plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns options with text read as JSON where it is JSON, and names with dots as tables: a.b=1 as {"a": {"b": 1}}.

    Raises `BadInput` where a name reaches into what is no table.
    """
    found: dict[str, Any] = {}
    for name, value in options.items():
        *tables, last = name.split(".")
        table = found
        for step in tables:
            table = table.setdefault(step, {})
            if not isinstance(table, dict):
                raise BadInput(f"option {name}: {step} is no table of options")
        read = _read(value) if isinstance(value, str) else value
        if isinstance(table.get(last), dict) and isinstance(read, dict):
            read = {**read, **table[last]}
        table[last] = read
    return found


def _read(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
