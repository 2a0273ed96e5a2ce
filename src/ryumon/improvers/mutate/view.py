"""What may be edited in a text and what is known there: places for expressions, names in scope, light sorts.

Sorts come from annotations, literals, operators and the vocabulary's signatures; what stays unknown is "". Nothing
here is exact: a wrong guess costs one failed child.
"""

from collections import Counter
from functools import cache

import msgspec

from ryumon.blocks import blocks
from ryumon.improvers.mutate.language import Language
from ryumon.improvers.mutate.syntax import Node, Source
from ryumon.improvers.mutate.vocabularies import SORTS, Sort, Vocabulary


class Binding(msgspec.Struct, frozen=True):
    """A name, its sort, the byte range in which it may be read, and the node that bound it."""

    name: str
    sort: Sort
    start: int
    end: int
    node: Node
    constant: bool = False


class View:
    """A source with its editable places: `slots` hold expressions, `statements` lines, `tokens` operators."""

    def __init__(self, source: Source, vocabulary: Vocabulary) -> None:
        self.source = source
        self.language = source.language
        self.vocabulary = vocabulary
        self.bindings: list[Binding] = []
        self.slots: list[Node] = []
        self.statements: list[Node] = []
        self.tokens: list[Node] = []
        self.bodies: list[tuple[int, int]] = []
        self.imported: set[str] = set()
        self._blocks = blocks(source.text)
        self._calls = _call_sorts(vocabulary)
        self._latest: dict[str, Sort] = {}
        self._used: dict[str, Sort] = {}
        for node in source.nodes:
            node.slot, node.sort = False, ""
        for node in source.nodes:
            self._mark(node)
            self._bind(node)
        for node in self.slots:
            self.sort(node)
        if not any(node.sort in SORTS for node in self.slots):
            self._take_names_for_numbers()
        unread = self._unread()
        self.slots = [
            node
            for node in self.slots
            if node.sort != "name of a module" and not any(start <= node.start < end for start, end in unread)
        ]
        self.paths = self._paths()

    def names(self, position: int) -> list[Binding]:
        """Returns what can be read at `position`, the latest binding of each name, oldest name first."""
        inside = any(start <= position < end for start, end in self.bodies)
        found = {b.name: b for b in self.bindings if (inside and b.constant) or b.start <= position < b.end}
        return list(found.values())

    @property
    def modules(self) -> set[str]:
        """The module names that an expression here may use: imported, or imported by the vocabulary when used."""
        return self.imported | {name for name, _ in self.vocabulary.imports}

    @property
    def first_statement(self) -> int:
        """Where the first statement that may change begins, a docstring and imports from the future aside."""
        for node in self.source.nodes[0].operands():
            late = not _is_docstring(node, self.language) and node.kind != self.language.future_import
            if late and self._open(node.start, node.end):
                return node.start
        return self._blocks[0][0] if self._blocks else len(self.source.text)

    @property
    def signatures(self) -> dict[str, tuple[tuple[Sort, ...], Sort]]:
        """The vocabulary's plain functions of several arguments or one: written name -> sorts taken and given."""
        return _signatures(self.vocabulary)

    def _open(self, start: int, end: int) -> bool:
        """Returns whether a range lies in a marked block, or nothing is marked."""
        return not self._blocks or any(low <= start and end <= high for low, high in self._blocks)

    def callee(self, node: Node) -> str:
        """Returns the written name of the function that a call calls, "" where it has none."""
        function = node.child("function")
        return self.of(function) if function is not None else ""

    def reads(self, part: Node) -> list[Node]:
        """Returns the identifiers that `part` reads, in order; attribute and keyword names are none."""
        table = self.language
        if part.kind == table.identifier:
            named = part.parent is not None and (
                (part.parent.kind == table.attribute and part.field == "attribute")
                or (part.parent.kind == table.keyword and part.field == "name")
            )
            return [] if named else [part]
        return [name for child in part.children for name in self.reads(child)]

    def is_free(self, word: str) -> bool:
        """Returns whether nothing here binds `word`: a builtin, or a function defined elsewhere."""
        return word not in self._latest and word not in self.imported

    def definition(self, word: str) -> Node | None:
        """Returns the expression assigned to `word` last, None where it is no plain assignment."""
        for binding in reversed(self.bindings):
            if binding.name == word:
                return binding.node.child("right") if binding.node.kind == self.language.assignment else None
        return None

    def of(self, node: Node) -> str:
        """Returns the text of a node."""
        return self.source.of(node)

    def bound(self) -> set[str]:
        """Returns every name that the text mentions, to choose a new one that is not among them."""
        kind = self.language.identifier
        return {self.of(node) for node in self.source.nodes if node.kind == kind}

    def known_sort(self, name: str) -> Sort:
        """Returns the sort a name has anywhere, "number" if arithmetic is done on it somewhere."""
        return self._latest.get(name, "") or self._used.get(name, "")

    def _take_names_for_numbers(self) -> None:
        """Sets the sort of names where nothing says the sort of anything, so that such a text can be edited at all."""
        for node in self.slots:
            if node.kind == self.language.identifier and node.sort == "?":
                node.sort = self._used[self.of(node)] = "number"

    def _unread(self) -> list[tuple[int, int]]:
        """Returns the ranges of assignments to local names that nothing reads: edits there would change nothing."""
        kind = self.language.identifier
        mentions = Counter(self.of(node) for node in self.source.nodes if node.kind == kind)
        return [
            (binding.node.start, binding.node.end)
            for binding in self.bindings
            if binding.node.kind == self.language.assignment and not binding.constant and mentions[binding.name] == 1
        ]

    def _paths(self) -> list[tuple[str, Sort]]:
        """Returns the distinct `a.b` and `a["b"]` that stand where a number does, in order of appearance."""
        table = self.language
        found: dict[str, Sort] = {}
        for node in self.slots:
            if node.kind in (table.attribute, table.subscript) and node.sort == "number":
                index = node.child("subscript")
                if index is None or index.kind in (table.string, table.integer):
                    found.setdefault(self.of(node), "number")
        return list(found.items())

    def meets_array(self, node: Node) -> bool:
        """Returns whether arithmetic joins `node` with an array, so that an array could stand there too."""
        table, parent = self.language, node.parent
        joining = (table.binary, table.unary, table.parentheses, table.comparison)
        return parent is not None and parent.kind in joining and parent.sort in ("array", "mask")

    def _mark(self, node: Node) -> None:
        """Sets whether `node` is editable, and lists it where it is a slot, a statement or an operator."""
        table, parent = self.language, node.parent
        if parent is None:
            return
        node.editable = False
        if node.kind in table.closed:
            return
        opened = parent.kind == table.function and node.field == "body"
        if opened:
            self.bodies.append((node.start, node.end))
        node.editable = opened or parent.editable or _is_module_constant(node, table)
        if not node.editable or not self._open(node.start, node.end):
            return
        fields = table.values.get(parent.kind)
        if not node.named:
            self.tokens.append(node)
        elif fields is not None and node.field in fields and node.kind != table.slice and node.kind != table.comment:
            node.slot = True
            self.slots.append(node)
        elif parent.kind == table.block and node.kind != table.comment and not _is_docstring(node, table):
            self.statements.append(node)

    def _bind(self, node: Node) -> None:
        """Records the names that `node` binds."""
        table = self.language
        kind = node.kind
        if kind in table.parameters:
            self._bind_parameters(node)
        elif kind == table.assignment or kind == table.walrus:
            left = node.child("left") or node.child("name")
            right = node.child("right") or node.child("value")
            if left is not None and right is not None:
                self._bind_target(left, self.sort(right), node.end, self._visible(node), node)
        elif kind == table.for_statement:
            left, right, body = node.child("left"), node.child("right"), node.child("body")
            if left is not None and right is not None and body is not None:
                self._bind_target(left, self._element(right), body.start, node.end, node)
        elif kind == table.comprehension_clause and node.parent is not None:
            left, right = node.child("left"), node.child("right")
            if left is not None and right is not None:
                self._bind_target(left, self._element(right), node.parent.start, node.parent.end, node)
        elif kind in table.imports:
            self.imported.update(self.of(child) for child in node.children if child.kind == table.identifier)

    def _bind_parameters(self, node: Node) -> None:
        table, owner = self.language, node.parent
        body = owner.child("body") if owner is not None else None
        if body is None:
            return
        for parameter in node.operands():
            name = parameter if parameter.kind == table.identifier else parameter.child("name")
            if name is None:
                name = next((child for child in parameter.children if child.kind == table.identifier), None)
            if name is not None:
                annotation = parameter.child("type")
                self._add(self.of(name), self._annotated(annotation), body.start, body.end, parameter)

    def _annotated(self, annotation: Node | None) -> Sort:
        if annotation is None:
            return ""
        text = self.of(annotation)
        return next((sort for part, sort in self.language.annotations if part in text), "")

    def _bind_target(self, left: Node, sort: Sort, start: int, end: int, node: Node) -> None:
        table = self.language
        if left.kind == table.identifier:
            constant = left.parent is not None and _in_module(node, table)
            self._add(self.of(left), sort, start, end, node, constant)
        elif left.kind in table.targets:
            for child in left.operands():
                self._bind_target(child, "", start, end, node)

    def _add(self, name: str, sort: Sort, start: int, end: int, node: Node, constant: bool = False) -> None:
        self.bindings.append(Binding(name, sort, start, end, node, constant))
        if sort or name not in self._latest:
            self._latest[name] = sort

    def _visible(self, node: Node) -> int:
        """Returns where a name bound by `node` goes out of sight: the end of its block."""
        for above in node.ancestors():
            if above.kind == self.language.block or above.parent is None:
                return above.end
        return node.end

    def _element(self, iterable: Node) -> Sort:
        """Returns the sort of what iterating gives: whole numbers from a range, else numbers from arrays."""
        if self.callee(iterable) in self.language.integer_calls:
            return "index"
        return "number" if self.sort(iterable) == "array" else ""

    def sort(self, node: Node) -> Sort:
        """Returns the sort of an expression, from its context first where that decides."""
        if not node.sort:
            node.sort = self._placed(node) or self._inferred(node) or "?"
        return "" if node.sort == "?" else node.sort

    def _placed(self, node: Node) -> Sort:
        """Returns the sort that the place of `node` asks for, "" where any will do."""
        parent = node.parent
        if parent is None:
            return ""
        place = (parent.kind, node.field)
        if place in self.language.indices and node.kind in (self.language.integer, self.language.unary):
            return "index"
        if place in self.language.flags:
            return "flag"
        grand = parent.parent
        inside = parent.kind == self.language.arguments and grand is not None
        return "index" if inside and grand is not None and self.callee(grand) in self.language.integer_calls else ""

    def _inferred(self, node: Node) -> Sort:
        table, kind = self.language, node.kind
        if kind in (table.integer, table.real):
            return "number"
        if kind == table.identifier:
            return self._name_sort(node)
        if kind in (table.binary, table.unary):
            return self._joined(self._operand_sorts(node), "number")
        if kind == table.comparison:
            sorts = self._operand_sorts(node)
            return "mask" if "array" in sorts or "mask" in sorts else "flag"
        if kind in (table.boolean, table.negation) or kind in table.booleans:
            return "flag"
        if kind == table.parentheses:
            inner = node.operands()
            return self.sort(inner[0]) if inner else ""
        if kind == table.conditional:
            operands = node.operands()
            return self._joined([self.sort(operands[i]) for i in table.conditional_operands if i < len(operands)], "")
        if kind == table.subscript:
            return self._subscript_sort(node)
        if kind == table.call:
            return self._call_sort(node)
        return "list" if kind == "list" or kind in table.comprehensions else ""

    def _name_sort(self, node: Node) -> Sort:
        name = self.of(node)
        if name in self.imported:
            return "name of a module"
        sort = self._latest.get(name, "")
        if not sort and self._is_operand(node):
            sort = self._used[name] = "number"
        return sort

    def _is_operand(self, node: Node) -> bool:
        """Returns whether arithmetic is done on `node`, which makes an unknown thing a number."""
        table, parent = self.language, node.parent
        return parent is not None and parent.kind in (table.binary, table.unary, table.comparison)

    def _operand_sorts(self, node: Node) -> list[Sort]:
        return [self.sort(child) for child in node.operands()]

    @staticmethod
    def _joined(sorts: list[Sort], otherwise: Sort) -> Sort:
        if "array" in sorts:
            return "array"
        if sorts and all(sort == "mask" for sort in sorts):
            return "mask"
        if "list" in sorts:
            return "list"
        return "number" if "number" in sorts else otherwise

    def _subscript_sort(self, node: Node) -> Sort:
        value, index = node.child("value"), node.child("subscript")
        whole = self.sort(value) if value is not None else ""
        if index is not None and (index.kind == self.language.slice or self.sort(index) in ("array", "mask", "list")):
            return whole
        if whole in ("array", "list"):
            return "number" if whole == "array" else ""
        return "number" if self._is_operand(node) else ""

    def _call_sort(self, node: Node) -> Sort:
        name, arguments = self.callee(node), node.child("arguments")
        if name not in self._calls:
            return "number" if self._is_operand(node) else ""
        if self._calls[name] != "same":
            return self._calls[name]
        given = [child for child in arguments.operands() if child.kind != self.language.keyword] if arguments else []
        return self._joined([self.sort(child) for child in given], "number")


@cache
def _call_sorts(vocabulary: Vocabulary) -> dict[str, Sort]:
    """Returns what each function of the vocabulary gives, by its written name."""
    return {form.function: form.result for form in vocabulary.forms if form.function}


@cache
def _signatures(vocabulary: Vocabulary) -> dict[str, tuple[tuple[Sort, ...], Sort]]:
    """Returns the functions that are one call of their arguments, with what they take and give."""
    return {form.function: (form.arguments, form.result) for form in vocabulary.forms if form.plain}


def _in_module(node: Node, table: Language) -> bool:
    return all(above.kind in (table.expression_statement, table.module) for above in node.ancestors())


def _is_module_constant(node: Node, table: Language) -> bool:
    parent = node.parent
    return (
        node.field == "right" and parent is not None and parent.kind == table.assignment and _in_module(parent, table)
    )


def _is_docstring(node: Node, table: Language) -> bool:
    inner = node.operands()
    return node.kind == table.expression_statement and len(inner) == 1 and inner[0].kind == table.string
