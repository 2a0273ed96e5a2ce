"""Edits of expressions. Each operator looks at a site and returns the splices of one edit, or None.

An operator is a function of a `Site` and a generator; it knows no task, and no language but through the table.
"""

from collections.abc import Callable
from math import exp

import numpy as np

from ryumon.improvers.mutate.expressions import Scope, Text, number, pick, pick_form, placed, text_of
from ryumon.improvers.mutate.syntax import Node, Splice, splice
from ryumon.improvers.mutate.view import View
from ryumon.improvers.mutate.vocabularies import SORTS, Sort

Edit = list[Splice]
Donor = Callable[[], View | None]
Operator = Callable[["Site", np.random.Generator], Edit | None]

DEPTHS = (0, 1, 2, 2, 3, 3, 4)
P_WHOLE = 0.5  # a place is chosen among expressions with parts, leaves aside
P_WIDER = 0.5  # a number that meets an array is replaced by an array
INLINE_DEPTH = 3
MAX_GRAFT = 2_000  # characters, since definitions written out can double at each level


class Site:
    """A view to edit, and where grafts come from. `donor` draws the view of another program."""

    def __init__(self, view: View, donor: Donor) -> None:
        self.view = view
        self.donor = donor
        self.slots = [node for node in view.slots if node.sort in SORTS]

    def slot(self, rng: np.random.Generator, *sorts: str) -> Node | None:
        """Returns a place for an expression, of one of `sorts` if any are named."""
        slots = [node for node in self.slots if node.sort in sorts] if sorts else self.slots
        if rng.random() < P_WHOLE:
            slots = [node for node in slots if node.kind not in self.view.language.leaves] or slots
        return pick(rng, slots) if slots else None

    def wanted(self, node: Node, rng: np.random.Generator) -> Sort:
        """Returns the sort to write at `node`: now and then an array for a number that meets one."""
        wider = node.sort == "number" and self.view.meets_array(node) and rng.random() < P_WIDER
        return "array" if wider else node.sort

    def scope(self, node: Node) -> Scope:
        """Returns what can be read at `node`."""
        return Scope(self.view, node.start)

    def put(self, node: Node, expression: Text) -> Edit:
        """Returns the edit that writes `expression` in the place of `node`."""
        return [(node.start, node.end, placed(self.view, node, expression))]


def perturb_number(site: Site, rng: np.random.Generator) -> Edit | None:
    """Changes one literal: times e^N(0, s), plus or minus one, or a common constant."""
    table, view = site.view.language, site.view
    literals = [node for node in view.slots if node.kind in (table.integer, table.real)]
    if not literals:
        return None
    node = pick(rng, literals)
    text = view.of(node)
    try:
        value = float(text.replace("_", ""))
    except ValueError:
        return None
    whole = node.kind == table.integer
    changed = _integer(value, node.sort == "index", rng) if whole else _real(value, rng)
    return None if changed == text else [(node.start, node.end, changed)]


def _integer(value: float, stays: bool, rng: np.random.Generator) -> str:
    draw = rng.random()
    if draw < 0.4 or (stays and draw < 0.8):
        return str(max(0, round(value) + (1 if rng.random() < 0.5 else -1)))
    if draw < 0.6 or stays:
        return str(max(0, round(value * exp(rng.standard_normal()))))
    return _real(value, rng) if draw < 0.85 else number(rng)


def _real(value: float, rng: np.random.Generator) -> str:
    if rng.random() < 0.1 or value == 0:
        return number(rng)
    scale = pick(rng, (0.03, 0.1, 0.3, 1.0))
    return f"{value * exp(scale * rng.standard_normal()):.4g}"


def swap_operator(site: Site, rng: np.random.Generator) -> Edit | None:
    """Replaces an operator by another of its family."""
    table, view = site.view.language, site.view
    families = [(node, family) for node in view.tokens for family in table.families if node.kind in family]
    families = [(node, family) for node, family in families if node.parent is not None and _is_operator(node, view)]
    if not families:
        return None
    node, family = pick(rng, families)
    tokens = [
        token for token in family if token != node.kind and (_divisible(node, view) or token not in table.divisions)
    ]
    return [(node.start, node.end, pick(rng, tokens))] if tokens else None


def _divisible(node: Node, view: View) -> bool:
    """Returns whether what stands right of an operator is a literal or the name of a number."""
    table, right = view.language, node.parent.child("right") if node.parent is not None else None
    literal = right is not None and right.kind in (table.integer, table.real)
    return literal or (right is not None and right.kind == table.identifier and right.sort == "number")


def _is_operator(node: Node, view: View) -> bool:
    table = view.language
    assert node.parent is not None
    return node.parent.kind in (table.binary, table.comparison, table.boolean, table.augmented)


def swap_function(site: Site, rng: np.random.Generator) -> Edit | None:
    """Calls another function of the vocabulary that takes and gives the same sorts."""
    view = site.view
    signatures = view.signatures
    calls = [node for node in view.slots if node.kind == view.language.call and view.callee(node) in signatures]
    if not calls:
        return None
    node = pick(rng, calls)
    name, function = view.callee(node), node.child("function")
    others = [other for other, shape in signatures.items() if shape == signatures[name] and other != name]
    return [(function.start, function.end, pick(rng, others))] if others and function is not None else None


def replace(site: Site, rng: np.random.Generator) -> Edit | None:
    """Writes a random expression of the same sort in the place of one."""
    node = site.slot(rng)
    if node is None:
        return None
    made = site.scope(node).expression(rng, site.wanted(node, rng), pick(rng, DEPTHS))
    return site.put(node, made) if made else None


def wrap(site: Site, rng: np.random.Generator) -> Edit | None:
    """Makes an expression the argument of a form: `e` becomes `f(e)`, `e + x` or `x * e`."""
    node = site.slot(rng, "number", "array", "mask", "flag", "list")
    if node is None:
        return None
    forms = site.view.vocabulary.taking(node.sort, node.sort)
    if not forms:
        return None
    form = pick_form(rng, forms)
    depth = pick(rng, (0, 0, 1, 2))
    made = site.scope(node).fill(rng, form, node.sort, depth, text_of(site.view, node), node.sort)
    return site.put(node, made) if made else None


def hoist(site: Site, rng: np.random.Generator) -> Edit | None:
    """Puts a part of an expression in the place of the whole."""
    node = site.slot(rng)
    if node is None:
        return None
    parts = [part for part in site.slots if node.start <= part.start < part.end <= node.end]
    parts = [part for part in parts if part.sort == node.sort and site.view.of(part) != site.view.of(node)]
    return site.put(node, text_of(site.view, pick(rng, parts))) if parts else None


def swap_expressions(site: Site, rng: np.random.Generator) -> Edit | None:
    """Exchanges two expressions of one sort, neither within the other."""
    first = site.slot(rng)
    if first is None:
        return None
    others = [node for node in site.slots if node.sort == first.sort]
    others = [node for node in others if node.end <= first.start or node.start >= first.end]
    others = [node for node in others if site.view.of(node) != site.view.of(first)]
    if not others:
        return None
    second = pick(rng, others)
    return site.put(first, text_of(site.view, second)) + site.put(second, text_of(site.view, first))


def graft(site: Site, rng: np.random.Generator) -> Edit | None:
    """Puts an expression of another program in the place of one of the same sort."""
    node = site.slot(rng)
    made = _borrowed(site, node, rng) if node is not None else None
    return site.put(node, made) if node is not None and made else None


def blend(site: Site, rng: np.random.Generator) -> Edit | None:
    """Joins an expression with one of another program by a form of the vocabulary."""
    node = site.slot(rng, "number", "array")
    made = _borrowed(site, node, rng) if node is not None else None
    if node is None or made is None:
        return None
    forms = [
        form for form in site.view.vocabulary.making(node.sort) if form.template in ("{} + {}", "{} - {}", "{} * {}")
    ]
    text = pick_form(rng, forms).render([text_of(site.view, node), made])
    return site.put(node, text)


def _borrowed(site: Site, node: Node, rng: np.random.Generator) -> Text | None:
    """Returns an expression of the donor with its names made readable at `node`."""
    donor = site.donor()
    sort = site.wanted(node, rng)
    parts = [part for part in donor.slots if part.sort == sort] if donor is not None else []
    if rng.random() < P_WHOLE:
        parts = [part for part in parts if part.kind not in site.view.language.leaves] or parts
    if donor is None or not parts:
        return None
    return adapted(donor, pick(rng, parts), site.scope(node), rng, INLINE_DEPTH)


def adapted(donor: View, part: Node, scope: Scope, rng: np.random.Generator, depth: int) -> Text | None:
    """Returns the text of `part`, each name that `scope` lacks replaced by its definition or a name of its sort."""
    text, atomic = text_of(donor, part)
    replacements: list[Splice] = []
    for name in donor.reads(part):
        word = donor.of(name)
        if word in scope.visible or word in scope.view.modules or donor.is_free(word):
            continue
        if word in donor.imported:
            return None
        definition = donor.definition(word)
        made = None
        if definition is not None and depth > 0:
            made = adapted(donor, definition, scope, rng, depth - 1)
        made = made or scope.terminal(rng, donor.sort(name) or "number")
        if made is None:
            return None
        new, is_atomic = made
        replacements.append((name.start - part.start, name.end - part.start, new if is_atomic else f"({new})"))
    text = splice(text.encode("utf-8"), replacements).decode("utf-8")
    return (text, atomic and "\n" not in text) if len(text) <= MAX_GRAFT else None
