"""What the mutator must know of a programming language: one table of node kinds for each.

A second language is a tree-sitter grammar and a table like `python.py`; no other file names a node kind.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import msgspec

from ryumon.errors import BadInput

LANGUAGES = {"python": "ryumon.improvers.mutate.python"}


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """Node kinds by the part they play, operators by family, and how a few statements are written."""

    name: str
    suffixes: tuple[str, ...]
    grammar: Callable[[], Any]

    module: str
    function: str
    closed: frozenset[str]  # subtrees in which nothing is edited unless a `body` opens them again
    comment: str
    string: str
    interpolation: str
    block: str
    parentheses: str
    identifier: str
    integer: str
    real: str
    binary: str
    unary: str
    comparison: str
    boolean: str
    negation: str
    call: str
    arguments: str
    keyword: str
    attribute: str
    subscript: str
    slice: str
    conditional: str
    conditional_operands: tuple[int, int]
    assignment: str
    augmented: str
    expression_statement: str
    for_statement: str
    loops: frozenset[str]
    collections: frozenset[str]  # literals that list expressions
    comprehensions: frozenset[str]
    comprehension_clause: str
    parameters: frozenset[str]
    targets: frozenset[str]
    imports: frozenset[str]
    future_import: str
    declared_elsewhere: frozenset[str]
    walrus: str
    binders: frozenset[str]
    ignored: frozenset[str]
    scopes: frozenset[str]  # nodes that open a scope of their own

    values: dict[str, frozenset[str | None]]  # parent kind -> fields in which an expression stands
    indices: frozenset[tuple[str, str | None]]  # of those, where only whole numbers fit
    flags: frozenset[tuple[str, str | None]]  # of those, where a condition stands
    atoms: frozenset[str]  # expressions that never need parentheses
    leaves: frozenset[str]
    loose: frozenset[str]  # parents that separate their children by punctuation
    families: tuple[tuple[str, ...], ...]  # operator tokens that may replace one another
    divisions: frozenset[str]  # operators that fail on zero
    integer_calls: frozenset[str]
    annotations: tuple[tuple[str, str], ...]  # text within an annotation -> sort
    booleans: frozenset[str]
    reflection: frozenset[str]  # names through which a program can see its own local names
    statement_safe: frozenset[str]  # statements that may be moved
    assign: str
    guard: str
    empty: str


@cache
def language(name: str) -> Language:
    """Returns the table of a language; raises `BadInput` listing those there are."""
    if name not in LANGUAGES:
        raise BadInput(f"language {name!r}: the mutator knows {', '.join(sorted(LANGUAGES))}")
    table = import_module(LANGUAGES[name]).TABLE
    assert isinstance(table, Language)
    return table
