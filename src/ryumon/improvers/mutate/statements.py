"""Edits of statements: new temporaries, updates, guards, deletions, exchanges. Each returns splices, or None."""

import numpy as np

from ryumon.improvers.mutate.expressions import pick, pick_form, text_of
from ryumon.improvers.mutate.operators import Edit, Site, adapted
from ryumon.improvers.mutate.syntax import Node
from ryumon.improvers.mutate.view import View


def insert_temporary(site: Site, rng: np.random.Generator) -> Edit | None:
    """Names an expression in a statement before it, and perhaps wraps what it names."""
    node = site.slot(rng, "number", "array")
    statement = _statement_of(site.view, node) if node is not None else None
    if node is None or statement is None or not _hoistable(site.view, node, statement):
        return None
    view = site.view
    value = text_of(view, node)
    if rng.random() < 0.5:
        forms = view.vocabulary.taking(node.sort, node.sort)
        made = site.scope(statement).fill(rng, pick_form(rng, forms), node.sort, 1, value, node.sort) if forms else None
        value = made or value
    name = _fresh_name(view)
    line = view.language.assign.format(name=name, value=_line(value[0]))
    return [(statement.start, statement.start, line + _newline(view, statement)), *site.put(node, (name, True))]


def insert_update(site: Site, rng: np.random.Generator) -> Edit | None:
    """Assigns to a local name a form of what it holds, before a statement that follows."""
    view = site.view
    if not view.statements:
        return None
    statement = pick(rng, view.statements)
    update = _update(site, statement, rng)
    return [(statement.start, statement.start, update + _newline(view, statement))] if update else None


def insert_guard(site: Site, rng: np.random.Generator) -> Edit | None:
    """Updates a local name under a random condition."""
    view = site.view
    if not view.statements:
        return None
    statement = pick(rng, view.statements)
    update = _update(site, statement, rng)
    flag = site.scope(statement).expression(rng, "flag", 1)
    if not update or flag is None:
        return None
    indent = _newline(view, statement)[1:]
    guard = view.language.guard.format(flag=flag[0], indent=indent, statement=update)
    return [(statement.start, statement.start, guard + _newline(view, statement))]


def graft_statement(site: Site, rng: np.random.Generator) -> Edit | None:
    """Assigns to a local name the expression that another program assigns to one of the same sort."""
    view, donor = site.view, site.donor()
    if donor is None or not view.statements:
        return None
    statement = pick(rng, view.statements)
    scope = site.scope(statement)
    parts = [
        right for right in map(_assigned, donor.statements) if right is not None and right.sort in ("number", "array")
    ]
    if not parts:
        return None
    part = pick(rng, parts)
    names = _assignable(site, statement, part.sort)
    made = adapted(donor, part, scope, rng, 1)
    if made is None or not names:
        return None
    line = view.language.assign.format(name=pick(rng, names), value=_line(made[0]))
    return [(statement.start, statement.start, line + _newline(view, statement))]


def delete(site: Site, rng: np.random.Generator) -> Edit | None:
    """Removes an assignment to a name that is bound before it too, or that nothing reads."""
    view = site.view
    candidates = [node for node in view.statements if _removable(view, node)]
    return [_removal(view, pick(rng, candidates))] if candidates else None


def inline(site: Site, rng: np.random.Generator) -> Edit | None:
    """Writes a temporary's definition where it is read, and removes it."""
    view = site.view
    table = view.language
    found: list[tuple[Node, list[Node]]] = []
    for statement in view.statements:
        name = _target(view, statement)
        if name and sum(binding.name == name for binding in view.bindings) == 1:
            reads = [
                node
                for node in view.source.nodes
                if node.kind == table.identifier and node.slot and view.of(node) == name
            ]
            mentions = sum(node.kind == table.identifier and view.of(node) == name for node in view.source.nodes)
            if (
                len(reads) == mentions - 1
                and 0 < len(reads) <= 2
                and min(read.start for read in reads) >= statement.end
            ):
                found.append((statement, reads))
    if not found:
        return None
    statement, reads = pick(rng, found)
    right = _assigned(statement)
    assert right is not None
    value = text_of(view, right)
    return [_removal(view, statement)] + [splice for read in reads for splice in site.put(read, value)]


def exchange(site: Site, rng: np.random.Generator) -> Edit | None:
    """Exchanges two neighbouring assignments of a block."""
    view = site.view
    pairs = [
        (first, second)
        for first, second in zip(view.statements, view.statements[1:], strict=False)
        if first.parent is second.parent and _is_assignment(view, first) and _is_assignment(view, second)
    ]
    if not pairs:
        return None
    first, second = pick(rng, pairs)
    return [(first.start, first.end, view.of(second)), (second.start, second.end, view.of(first))]


def _update(site: Site, statement: Node, rng: np.random.Generator) -> str | None:
    """Returns `name = f(name)` for a name assignable before `statement`."""
    names = [(name, sort) for sort in ("array", "number") for name in _assignable(site, statement, sort)]
    if not names:
        return None
    name, sort = pick(rng, names)
    forms = site.view.vocabulary.taking(sort, sort)
    made = site.scope(statement).fill(rng, pick_form(rng, forms), sort, 1, (name, True), sort) if forms else None
    return site.view.language.assign.format(name=name, value=made[0]) if made else None


def _assignable(site: Site, statement: Node, sort: str) -> list[str]:
    """Returns the names of `sort` that may be assigned before `statement`; module constants are not."""
    visible = set(site.scope(statement).by_sort.get(sort, []))
    return [b.name for b in site.view.names(statement.start) if b.name in visible and not b.constant]


def _line(text: str) -> str:
    return f"({text})" if "\n" in text else text


def _statement_of(view: View, node: Node) -> Node | None:
    """Returns the statement of a block that holds `node`."""
    found = node
    for above in node.ancestors():
        if above.kind == view.language.block:
            return found if found in view.statements else None
        found = above
    return None


def _hoistable(view: View, node: Node, statement: Node) -> bool:
    """Returns whether `node` can be computed before `statement`: no comprehension, lambda or loop in between."""
    table = view.language
    inner = table.comprehensions | table.scopes | table.loops
    return not any(above.kind in inner for above in node.ancestors() if statement.start <= above.start)


def _fresh_name(view: View) -> str:
    taken = view.bound()
    return next(name for name in map("t{}".format, range(len(taken) + 1)) if name not in taken)


def _newline(view: View, statement: Node) -> str:
    """Returns a line break and the indentation of `statement`."""
    line = view.source.text.rfind(b"\n", 0, statement.start) + 1
    before = view.source.text[line : statement.start].decode("utf-8")
    return "\n" + before if before.isspace() or not before else "; "


def _assigned(statement: Node) -> Node | None:
    """Returns the right side of an assignment statement."""
    return statement.children[0].child("right") if statement.children else None


def _is_assignment(view: View, statement: Node) -> bool:
    return bool(statement.children) and statement.children[0].kind in view.language.statement_safe


def _target(view: View, statement: Node) -> str:
    """Returns the name that a plain assignment binds, "" where it is none."""
    inner = statement.children[0] if statement.children else statement
    left = inner.child("left")
    if inner.kind != view.language.assignment or left is None or left.kind != view.language.identifier:
        return ""
    return view.of(left) if inner.child("right") is not None else ""


def _removable(view: View, statement: Node) -> bool:
    """Returns whether the block keeps another statement, and names keep a binding, without `statement`."""
    if not _is_assignment(view, statement) or statement.parent is None or len(statement.parent.operands()) < 2:
        return False
    name = _target(view, statement)
    if not name:
        return statement.children[0].kind == view.language.augmented
    if any(binding.name == name for binding in view.names(statement.start)):
        return True
    kind = view.language.identifier
    return sum(node.kind == kind and view.of(node) == name for node in view.source.nodes) == 1


def _removal(view: View, statement: Node) -> tuple[int, int, str]:
    """Returns the splice that removes a statement with its line, where it has one of its own."""
    text = view.source.text
    start = text.rfind(b"\n", 0, statement.start) + 1
    end = text.find(b"\n", statement.end)
    end = len(text) if end < 0 else end + 1
    alone = not text[start : statement.start].strip() and not text[statement.end : end].strip()
    return (start, end, "") if alone else (statement.start, statement.end, view.language.empty)
