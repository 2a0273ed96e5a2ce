"""Crossover at the same place: takes over what stands in another program where it differs from this one.

Programs of one line share most of their text, so a graft between them mostly puts in what is there already, or puts it
elsewhere. Homologous crossover (Langdon 2000, "Size fair and homologous tree crossovers for tree genetic programming")
looks at the places where the two differ.
"""

from itertools import takewhile

import numpy as np

from ryumon.improvers.mutate.expressions import pick
from ryumon.improvers.mutate.operators import INLINE_DEPTH, Edit, Site, adapted
from ryumon.improvers.mutate.syntax import Node
from ryumon.improvers.mutate.view import View

P_BETWEEN = 0.5  # of two different numbers, one between or just beyond them rather than the other's
BEYOND = 0.5
Pair = tuple[Node, Node]


def cross(site: Site, rng: np.random.Generator) -> Edit | None:
    """Writes, at one place where a donor differs, what the donor has there; of two numbers, perhaps one in between."""
    donor = site.donor()
    pairs = [pair for pair in differences(site.view, donor) if pair[0].slot and pair[1].slot] if donor else []
    if donor is None or not pairs:
        return None
    node, other = pick(rng, pairs)
    numbers = _number(site.view, node), _number(donor, other)
    if numbers[0] is not None and numbers[1] is not None and rng.random() < P_BETWEEN:
        return _between(site.view, node, numbers[0], numbers[1], rng)
    made = adapted(donor, other, site.scope(node), rng, INLINE_DEPTH)
    return site.put(node, made) if made else None


def differences(view: View, donor: View) -> list[Pair]:
    """Returns the pairs of nodes that stand at the same place of both texts and differ, outer pairs first.

    Children are matched from the front and from the back; what lies between is matched where the numbers are equal.
    """
    found: list[Pair] = []
    rest: list[Pair] = [(view.source.nodes[0], donor.source.nodes[0])]
    while rest:
        node, other = rest.pop()
        if _same(view, node, donor, other):
            continue
        found.append((node, other))
        if node.kind == other.kind:
            rest.extend(reversed(_matched(view, donor, node.children, other.children)))
    return found


def _matched(view: View, donor: View, ours: list[Node], theirs: list[Node]) -> list[Pair]:
    if len(ours) == len(theirs):
        return list(zip(ours, theirs, strict=True))
    same = sum(1 for _ in takewhile(lambda p: _same(view, p[0], donor, p[1]), zip(ours, theirs, strict=False)))
    back = zip(reversed(ours[same:]), reversed(theirs[same:]), strict=False)
    tail = sum(1 for _ in takewhile(lambda p: _same(view, p[0], donor, p[1]), back))
    middle = ours[same : len(ours) - tail], theirs[same : len(theirs) - tail]
    return list(zip(*middle, strict=False)) if all(middle) else []


def _same(view: View, node: Node, donor: View, other: Node) -> bool:
    return view.source.text[node.start : node.end] == donor.source.text[other.start : other.end]


def _number(view: View, node: Node) -> float | None:
    table = view.language
    if node.kind not in (table.integer, table.real):
        return None
    try:
        return float(view.of(node).replace("_", ""))
    except ValueError:
        return None


def _between(view: View, node: Node, ours: float, theirs: float, rng: np.random.Generator) -> Edit | None:
    share = rng.uniform(-BEYOND, 1 + BEYOND)
    value = ours + share * (theirs - ours)
    whole = node.kind == view.language.integer and node.sort == "index"
    text = str(max(0, round(value))) if whole else f"{abs(value):.4g}"
    return None if text == view.of(node) else [(node.start, node.end, text)]
