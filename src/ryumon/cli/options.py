"""The options that every command takes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from ryumon.printable import harmless, printable

if TYPE_CHECKING:
    from ryumon.sandbox import Tier

Unsafe = Annotated[bool, Parameter(negative="", help="Run candidates with limits only, no sandbox. Dangerous.")]
Backend = Annotated[str | None, Parameter(help="container: candidates run in one of podman's or docker's, tier V.")]


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options of every command."""

    json: Annotated[bool, Parameter(negative="", help="Print one JSON object instead of text.")] = False
    store: Annotated[str | None, Parameter(help="Where runs are kept: a folder. Default .ryumon")] = None


DEFAULTS = Common()


@Parameter(name="*")
@dataclass(frozen=True)
class Confinement:
    """Options of every command that runs a task's candidates."""

    min_tier: Annotated[str | None, Parameter(help="Refuse to run below this sandbox tier.")] = None
    sandbox: Backend = None
    unsafe_no_sandbox: Unsafe = False

    def tier(self) -> "Tier":
        """Returns the tier to run at; raises `SandboxError` where none is that these options admit."""
        from ryumon import supervisor

        return supervisor.admitted_tier(least=self.min_tier, unsafe=self.unsafe_no_sandbox, backend=self.sandbox)


CONFINED = Confinement()


def say(common: Common, record: Any, text: str) -> None:
    """Prints `record` as one line of JSON, or `text` for a person."""
    print(json_line(record) if common.json else printable(text))


def json_line(record: Any) -> str:
    """Returns a record as one line of JSON, without keys, and with every mark that could steer a terminal escaped."""
    import msgspec

    from ryumon.redaction import Redactor

    text = msgspec.json.encode(Redactor().plain(msgspec.to_builtins(record))).decode()
    return text if text.isascii() and "\x7f" not in text else "".join(map(_json_mark, text))


def _json_mark(mark: str) -> str:
    if harmless(mark):
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
