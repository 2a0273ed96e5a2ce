"""What a user may have meant, where a record that they wrote does not fit: one clause to end an error's line with."""

import difflib
import re
from collections.abc import Iterator

import msgspec
from msgspec import inspect

_UNKNOWN = re.compile(r"unknown field `(.*?)`(?: - at `(.*)`)?$")
_VALUE = re.compile(r"Invalid (?:enum value|value) .*? - at `(.*)`$")


def suggestion(error: Exception, kind: type[msgspec.Struct]) -> str:
    """Returns "; did you mean …?" for a field of `kind` that is not there, "; use …" for a value; "" for the rest."""
    places = {place: (name, field) for place, name, field in _fields(inspect.type_info(kind), "$", "")}
    if unknown := _UNKNOWN.search(str(error)):
        return _near(unknown[1], re.sub(r"\[\d+\]", "[...]", unknown[2] or "$"), places)
    value = _VALUE.search(str(error))
    field = places.get(re.sub(r"\[\d+\]", "[...]", value[1])) if value else None
    if field is not None and isinstance(field[1], inspect.LiteralType):
        return f"; use {' or '.join(map(str, field[1].values))}"
    return ""


def closest(word: str, known: list[str]) -> str:
    """Returns "; did you mean …?" where one of the known words is close, else the list of them."""
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; there is {', '.join(known)}"


def _near(word: str, place: str, places: dict[str, tuple[str, inspect.Type]]) -> str:
    here = {p.rpartition(".")[2]: p for p in places if p.rpartition(".")[0] == place}
    # Of fields with one name, the least nested.
    deepest_first = sorted(places, key=lambda p: p.count("."), reverse=True)
    elsewhere = {p.rpartition(".")[2]: p for p in deepest_first if p.rpartition(".")[0] != place}
    if near := difflib.get_close_matches(word, here, 1, cutoff=0.7):
        return f"; did you mean {near[0]!r}?"
    if near := difflib.get_close_matches(word, elsewhere, 1, cutoff=0.8):
        return f"; did you mean {places[elsewhere[near[0]]][0]}?"
    return f"; there is {', '.join(here)}"


def _fields(found: inspect.Type, place: str, above: str) -> Iterator[tuple[str, str, inspect.Type]]:
    """Yields each field's place as errors name it, its name as a user writes it, and its type."""
    if isinstance(found, inspect.UnionType):
        for part in found.types:
            yield from _fields(part, place, above)
    elif isinstance(found, inspect.VarTupleType | inspect.ListType):
        yield from _fields(found.item_type, f"{place}[...]", above)
    elif isinstance(found, inspect.StructType):
        for field in found.fields:
            below, name = f"{place}.{field.encode_name}", f"{above}{field.encode_name}"
            where = f"{field.encode_name!r} in [{above[:-1]}]" if above else f"{name!r}, outside of any [table]"
            yield below, where, field.type
            yield from _fields(field.type, below, f"{name}.")
