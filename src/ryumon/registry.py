"""One registry for everything chosen by name: entry points, so that an installed package can add its own."""

from collections.abc import Callable
from functools import cache, partial
from importlib.metadata import entry_points
from inspect import signature
from typing import Any

from ryumon.errors import BadInput


@cache
def names(kind: str) -> tuple[str, ...]:
    """Returns the names registered for a kind: `improvers`, `parents`, `populations`, `engines` or `tasks`."""
    return tuple(sorted({point.name for point in entry_points(group=f"ryumon.{kind}")}))


def load(kind: str, name: str) -> Any:
    """Returns what is registered under `name`; raises `BadInput` listing what is there."""
    for point in entry_points(group=f"ryumon.{kind}", name=name):
        return point.load()
    known = ", ".join(names(kind)) or "none"
    raise BadInput(f"unknown {kind.removesuffix('s')} {name!r}; there is: {known}")


def maker(kind: str, name: str, *arguments: Any, **options: Any) -> Callable[[], Any]:
    """Returns what makes one of what is registered under `name`; raises `BadInput` for options it does not take."""
    registered = load(kind, name)
    try:
        signature(registered).bind(*arguments, **options)
    except TypeError as error:
        raise BadInput(f"{kind.removesuffix('s')} {name!r}: {error}") from None
    return partial(registered, *arguments, **options)
