"""Program text as a flat tree, and edits that splice text into it.

Parsing is tree-sitter's; this module copies its tree once, because each later look then costs a tenth. It does not
run, import or compile anything, and it refuses text that is too large, too deep or broken.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from weakref import ref

import tree_sitter

from ryumon.improvers.mutate.language import Language, language
from ryumon.program import MAX_BYTES

MAX_DEPTH = 200
CACHED_NODES = 300_000


class Node:
    """One syntax node: a byte range with its kind, its field in the parent, and what the mutator found out.

    Its parent lives as long as its `Source`. The reference up is weak, so that a tree that leaves the caches is freed
    at once: waiting for the garbage collector, and for its looks through all cached nodes, took half of an ask.
    """

    __slots__ = (
        "__weakref__",
        "_parent",
        "children",
        "editable",
        "end",
        "field",
        "kind",
        "named",
        "slot",
        "sort",
        "start",
    )

    def __init__(self, kind: str, start: int, end: int, field: str | None, named: bool, parent: "Node | None") -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.field = field
        self.named = named
        self._parent = None if parent is None else ref(parent)
        self.children: list[Node] = []
        self.editable = False
        self.slot = False
        self.sort = ""

    @property
    def parent(self) -> "Node | None":
        """The node that this one is a child of, None for the root."""
        return None if self._parent is None else self._parent()

    def child(self, field: str) -> "Node | None":
        """Returns the first child in `field`."""
        return next((node for node in self.children if node.field == field), None)

    def operands(self) -> "list[Node]":
        """Returns the named children, comments aside."""
        return [node for node in self.children if node.named and node.kind != "comment"]

    def ancestors(self) -> "Iterator[Node]":
        """Yields the parent, its parent, and so on."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


class Source:
    """A text that parses, with its nodes in order of first appearance; the root is the first."""

    __slots__ = ("language", "nodes", "text")

    def __init__(self, text: bytes, nodes: list[Node], table: Language) -> None:
        self.text = text
        self.nodes = nodes
        self.language = table

    def of(self, node: Node) -> str:
        """Returns the text of a node."""
        return self.text[node.start : node.end].decode("utf-8")


Splice = tuple[int, int, str]


def splice(text: bytes, splices: Sequence[Splice]) -> bytes:
    """Returns `text` with each byte range (start, end) replaced; ranges that overlap raise `ValueError`."""
    ordered = sorted(splices, key=lambda change: change[:2])
    if any(before[1] > after[0] for before, after in pairwise(ordered)):
        raise ValueError("edits overlap")
    for start, end, new in reversed(ordered):
        text = text[:start] + new.encode("utf-8", "surrogatepass") + text[end:]
    return text


class _Cache:
    """The most recently parsed texts, bounded by their nodes in all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._sources: OrderedDict[tuple[str, bytes], Source] = OrderedDict()

    def get(self, key: tuple[str, bytes]) -> Source | None:
        source = self._sources.get(key)
        if source is not None:
            self._sources.move_to_end(key)
        return source

    def put(self, key: tuple[str, bytes], source: Source) -> None:
        self._sources[key] = source
        self._held += len(source.nodes)
        while self._held > self._limit:
            self._held -= len(self._sources.popitem(last=False)[1].nodes)


_cache = _Cache(CACHED_NODES)


@cache
def _parser(name: str) -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(language(name).grammar()))


def parse(text: str, name: str) -> Source | None:
    """Returns the tree of `text` in the language `name`, or None where it is too large, too deep or does not parse."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        return None
    if len(data) > MAX_BYTES or b"\0" in data:
        return None
    key = (name, data)
    source = _cache.get(key)
    if source is None:
        tree = _parser(name).parse(data)
        nodes = None if tree.root_node.has_error else _flatten(tree)
        if nodes is None:
            return None
        source = Source(data, nodes, language(name))
        _cache.put(key, source)
    return source


def _flatten(tree: tree_sitter.Tree) -> list[Node] | None:
    """Returns the nodes in preorder, None where the tree is deeper than `MAX_DEPTH`."""
    cursor = tree.walk()
    nodes: list[Node] = []
    path: list[Node] = []
    while True:
        raw = cursor.node
        assert raw is not None
        parent = path[-1] if path else None
        node = Node(raw.type, raw.start_byte, raw.end_byte, cursor.field_name, raw.is_named, parent)
        nodes.append(node)
        if parent is not None:
            parent.children.append(node)
        if cursor.goto_first_child():
            path.append(node)
            if len(path) > MAX_DEPTH:
                return None
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return nodes
            path.pop()
