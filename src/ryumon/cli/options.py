"""The options that every command takes."""

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options of every command."""

    json: Annotated[bool, Parameter(negative="", help="Print one JSON object instead of text.")] = False
    store: Annotated[str | None, Parameter(help="Where runs are kept: a folder. Default .ryumon")] = None


DEFAULTS = Common()
DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def say(common: Common, record: Any, text: str) -> None:
    """Prints `record` as one line of JSON, or `text` for a person."""
    import msgspec

    print(msgspec.json.encode(record).decode() if common.json else printable(text))


def printable(text: str) -> str:
    """Returns a text with its control characters made visible: what a program says must not steer a terminal."""
    return "".join(
        mark if mark in "\n\t" or (mark.isprintable() and mark not in DIRECTIONS) else f"\\x{ord(mark):02x}"
        for mark in text
    )


def latest(run: str | None, names: list[str]) -> str:
    """Returns the run asked for, the newest one by default; raises `BadInput` where there is none."""
    from ryumon.errors import BadInput

    if run is None:
        if not names:
            raise BadInput("no run yet; `ryumon run bin-packing` starts one")
        return names[-1]
    if run not in names:
        raise BadInput(f"no run {run!r}; `ryumon runs` lists them")
    return run
