"""The normal form of a program: a digest that layout, comments and the choice of local names do not change.

Two programs with one normal form behave alike, so the second need not be evaluated. Text that does not parse, or is too
large or too deep, is digested as it stands. This module never runs or compiles program text.
"""

import hashlib
from functools import lru_cache

from ryumon.errors import BadInput
from ryumon.improvers.mutate.language import Language, language
from ryumon.improvers.mutate.syntax import Node, Source, parse
from ryumon.program import Program

DIGEST_BYTES = 16


def normal_form(program: Program, language: str) -> bytes:
    """Returns a digest that programs share if they differ in comments, docstrings, layout, redundant parentheses or
    the names of local variables alone."""
    table = _table(language)
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for path in sorted(program.files):
        text = program.files[path]
        kind, body = _form(text, table.name if table is not None and path.endswith(table.suffixes) else None)
        for part in (path.encode("utf-8", "surrogatepass"), kind, body):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.digest()


@lru_cache(maxsize=64)  # the files that no proposal changes, most of all
def _form(text: str, language: str | None) -> tuple[bytes, bytes]:
    source = parse(text, language) if language is not None else None
    return (b"text", text.encode("utf-8", "surrogatepass")) if source is None else (b"tree", _canonical(source))


def _table(name: str) -> Language | None:
    try:
        return language(name)
    except BadInput:
        return None


def _canonical(source: Source) -> bytes:
    """Returns the syntax as bytes: each node's kind, each leaf's text, brackets around what has children."""
    table, text = source.language, source.text
    renamed = _renamed(source)
    keeps_docstrings = b"__doc__" in text
    pieces: list[bytes] = []
    stack: list[Node | None] = [source.nodes[0]]
    while stack:
        node = stack.pop()
        if node is None:
            pieces.append(b")")
        elif node.kind in table.ignored or (not keeps_docstrings and _is_docstring(node, table)):
            continue
        elif node.kind == table.parentheses:
            stack.extend(reversed(node.operands()))
        elif node.children and not (node.kind == table.string and not _interpolates(node, table)):
            pieces += (b"(", node.kind.encode())
            stack.append(None)
            stack.extend(reversed(node.children))
        else:
            leaf = renamed.get(node) or text[node.start : node.end]
            pieces += (b"%d" % len(leaf), leaf)
    return b"\n".join(pieces)


def _interpolates(node: Node, table: Language) -> bool:
    return any(child.kind == table.interpolation for child in node.children)


def _is_docstring(node: Node, table: Language) -> bool:
    """Returns whether `node` is a string that stands alone, first in a module, a class or a function."""
    parent = node.parent
    if node.kind != table.expression_statement or parent is None or parent.kind not in (table.block, table.module):
        return False
    inner = node.operands()
    if len(inner) != 1 or inner[0].kind != table.string or _interpolates(inner[0], table):
        return False
    owner = parent.parent
    documented = parent.kind == table.module or (owner is not None and owner.kind in table.scopes)
    return documented and parent.operands()[0] is node and len(parent.operands()) > 1


def _renamed(source: Source) -> dict[Node, bytes]:
    """Returns what each mention of a local variable is written as: its number by first appearance in its function.

    Only functions that hold no other scope but comprehensions, in texts that cannot look at names, are treated:
    there, renaming every mention of a name that an assignment or a loop binds is sound.
    """
    table = source.language
    names = [node for node in source.nodes if node.kind == table.identifier]
    if any(source.of(node) in table.reflection for node in names):
        return {}
    renamed: dict[Node, bytes] = {}
    for node in source.nodes:
        if node.kind == table.function and not any(above.kind in table.scopes for above in node.ancestors()):
            inside = _within(node)
            if not any(_forbids(inner, table) for inner in inside[1:]):
                renamed.update(_numbered(source, inside))
    return renamed


def _within(node: Node) -> list[Node]:
    """Returns `node` and all below it in preorder."""
    found, stack = [], [node]
    while stack:
        current = stack.pop()
        found.append(current)
        stack.extend(reversed(current.children))
    return found


def _forbids(node: Node, table: Language) -> bool:
    """Returns whether `node` makes renaming around it unsound: a scope, a declaration, a name shown as text."""
    shown = node.kind == table.interpolation and any(child.kind == "=" for child in node.children)
    return shown or (node.named and node.kind in (table.scopes | table.declared_elsewhere | table.imports))


def _numbered(source: Source, inside: list[Node]) -> dict[Node, bytes]:
    table = source.language
    own: set[str] = set()
    kept: set[str] = set()
    for node in inside:
        if node.kind in table.parameters:
            kept.update(source.of(inner) for inner in _within(node) if inner.kind == table.identifier)
        elif node.kind in table.binders:
            left = node.child("left")
            targets = [left] if left is not None and left.kind == table.identifier else []
            if left is not None and left.kind in table.targets:
                targets = left.operands()
            own.update(source.of(target) for target in targets if target.kind == table.identifier)
    own -= kept
    numbers: dict[str, bytes] = {}
    renamed: dict[Node, bytes] = {}
    for node in inside:
        if node.kind == table.identifier and not _is_label(node, table):
            word = source.of(node)
            if word in own:
                renamed[node] = numbers.setdefault(word, b"\0%d" % len(numbers))
    return renamed


def _is_label(node: Node, table: Language) -> bool:
    """Returns whether an identifier names an attribute or a keyword, and no variable."""
    parent = node.parent
    if parent is None:
        return False
    return (parent.kind == table.attribute and node.field == "attribute") or (
        parent.kind == table.keyword and node.field == "name"
    )
