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
    print(json_line(record) if common.json else printable(text))


def json_line(record: Any) -> str:
    """Returns a record as one line of JSON, without keys, and with every mark that could steer a terminal escaped."""
    import msgspec

    from ryumon.redaction import Redactor

    text = msgspec.json.encode(Redactor().plain(msgspec.to_builtins(record))).decode()
    return text if text.isascii() and "\x7f" not in text else "".join(map(_json_mark, text))


def printable(text: str) -> str:
    """Returns a text without keys and with its control characters made visible: what a program says must not steer a
    terminal."""
    from ryumon.redaction import Redactor

    return "".join(
        mark if mark in "\n\t" or _harmless(mark) else f"\\x{ord(mark):02x}" for mark in Redactor().text(text)
    )


def _harmless(mark: str) -> bool:
    return mark.isprintable() and mark not in DIRECTIONS


def _json_mark(mark: str) -> str:
    if _harmless(mark):
        return mark
    pair = mark.encode("utf-16-be")  # JSON writes what lies beyond four hexadecimal digits as a surrogate pair
    return "".join(f"\\u{pair[at]:02x}{pair[at + 1]:02x}" for at in range(0, len(pair), 2))


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
