"""Random expressions of a wanted sort, from names in scope, numbers and the vocabulary's forms."""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from math import exp
from typing import TypeVar

import numpy as np

from ryumon.improvers.mutate.syntax import Node
from ryumon.improvers.mutate.view import View
from ryumon.improvers.mutate.vocabularies import Form, Sort, accepts, compared

T = TypeVar("T")
Text = tuple[str, bool]  # an expression, and whether it is atomic

CONSTANTS = ("0", "1", "2", "3", "5", "0.5", "0.1", "10", "100")
FIXED = ("2", "3", "0.5", "1.5", "4", "5", "0.25")
INDICES = ("0", "1", "2")
P_LEAF = 0.15  # an expression ends before its depth is used up
P_NUMBER = 0.5  # a leaf is a number rather than a name
P_SHALLOW = 0.7  # a condition compares names and numbers rather than what is computed from them
P_NAMED_DIVISOR = 0.7
P_FRESH_NUMBER = 0.4  # a number is drawn rather than taken from `CONSTANTS`


def pick(rng: np.random.Generator, items: Sequence[T]) -> T:
    """Returns one item, each with the same chance."""
    return items[int(rng.random() * len(items))]


def weighted_pick(rng: np.random.Generator, items: Sequence[T], weights: Sequence[float]) -> T:
    """Returns one item, with chances in proportion to `weights`."""
    bounds = list(accumulate(weights))
    return items[min(bisect(bounds, rng.random() * bounds[-1]), len(items) - 1)]


def pick_form(rng: np.random.Generator, forms: Sequence[Form]) -> Form:
    """Returns one form by its weight."""
    return weighted_pick(rng, forms, [form.weight for form in forms])


def number(rng: np.random.Generator) -> str:
    """Returns a constant: a common one, or e^N(0, 2) to three digits."""
    if rng.random() >= P_FRESH_NUMBER:
        return pick(rng, CONSTANTS)
    return f"{exp(2.0 * rng.standard_normal()):.3g}"


class Scope:
    """What can be read at one place, by sort. `view` and `position` say where."""

    def __init__(self, view: View, position: int) -> None:
        self.view = view
        self.by_sort: dict[Sort, list[str]] = {}
        self.visible: set[str] = set()
        for binding in view.names(position):
            self.visible.add(binding.name)
            sort = binding.sort or view.known_sort(binding.name)
            if sort:
                self.by_sort.setdefault(sort, []).append(binding.name)
        for text, sort in view.paths:
            if text.split(".")[0].split("[")[0] in self.visible:
                self.by_sort.setdefault(sort, []).append(text)

    def terminal(self, rng: np.random.Generator, sort: Sort) -> Text | None:
        """Returns a leaf of `sort`, None where nothing in scope has it."""
        if sort == "fixed":
            return pick(rng, FIXED), True
        if sort == "divisor":
            names = self.by_sort.get("number", [])
            return pick(rng, names if names and rng.random() < P_NAMED_DIVISOR else FIXED), True
        names = self.by_sort.get(sort, [])
        if sort == "index":
            return (pick(rng, names) if names and rng.random() < 0.7 else pick(rng, INDICES)), True
        if sort == "number":
            names = names + self.by_sort.get("index", [])
            return (number(rng) if not names or rng.random() < P_NUMBER else pick(rng, names)), True
        return (pick(rng, names), True) if names else None

    def expression(self, rng: np.random.Generator, sort: Sort, depth: int) -> Text | None:
        """Returns a random expression of `sort`, at most `depth` forms deep, None where none can be made."""
        leaf = self.terminal(rng, sort)
        forms = self.view.vocabulary.making(sort)
        if sort in ("index", "fixed", "divisor") or not forms:
            return leaf
        if leaf is not None and (depth <= 0 or rng.random() < P_LEAF):
            return leaf
        return self.fill(rng, pick_form(rng, forms), sort, depth - 1) if depth > -3 else None

    def fill(
        self,
        rng: np.random.Generator,
        form: Form,
        sort: Sort,
        depth: int,
        given: Text | None = None,
        given_sort: Sort = "",
    ) -> Text | None:
        """Returns `form` making `sort`, with `given` as one of the arguments that take it, if there is one."""
        if sort in ("mask", "flag") and rng.random() < P_SHALLOW:
            depth = min(depth, 0)
        chosen = -1
        if given is not None:
            fitting = [i for i, wanted in enumerate(form.arguments) if accepts(wanted, given_sort, sort)]
            if not fitting:
                return None
            chosen = pick(rng, fitting)
        arguments: list[Text] = []
        for position, wanted in enumerate(form.arguments):
            if position == chosen and given is not None:
                arguments.append(given)
                continue
            wanted = compared(sort) if wanted == "same" else wanted
            if wanted == "mixed":
                wanted = compared(sort) if rng.random() < 0.5 else "number"
            made = self.expression(rng, wanted, depth)
            if made is None or made in arguments:
                return None
            arguments.append(made)
        return form.render(arguments)


def text_of(view: View, node: Node) -> Text:
    """Returns a node's text, atomic where it needs no parentheses wherever it stands."""
    text = view.of(node)
    return text, node.kind in view.language.atoms and "\n" not in text


def placed(view: View, node: Node, expression: Text) -> str:
    """Returns `expression` as it must be written in the place of `node`."""
    text, atomic = expression
    parent = node.parent
    loose = parent is not None and parent.kind in view.language.loose and "\n" not in text
    return text if atomic or loose else f"({text})"
