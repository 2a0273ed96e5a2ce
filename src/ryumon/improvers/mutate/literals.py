"""The numbers of a program's text as a vector: which ones may be tuned, and the text with others in their places.

What stands between the numbers, the skeleton, identifies them: numbers are read back from any text that `write` made.
It does not know what the numbers are for.
"""

import math
import re
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ryumon.improvers.mutate.syntax import Node
from ryumon.improvers.mutate.view import View

Vector = NDArray[np.float64]

LEAST_WHOLE = 3.0  # a whole number moves as one of this size would: rounding swallows what smaller ones would do
TABLE = 8  # numbers side by side that make a table
DIGITS = (3, 12)  # significant digits of a real number: at least, at most
SPARE_DIGITS = 2  # beyond the first digit of its deviation
_NUMBER = re.compile(r"\(-([0-9.e+-]+)\)|([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)")


class Literals(msgspec.Struct, frozen=True):
    """Numbers in order of appearance. `skeleton` holds the texts before, between and after them, one more than numbers.

    `whole` ones are written as integers, not below 0 where they were not; `scales` are the sizes by which each moves.
    """

    skeleton: tuple[str, ...]
    values: Vector
    whole: NDArray[np.bool_]
    scales: Vector

    def write(self, steps: Vector, deviations: Vector) -> str:
        """Returns the text with each number moved by `steps`, in scales, as exactly as `deviations`, in scales, ask."""
        moved = (self.values + self.scales * steps).tolist()
        sizes = (self.scales * deviations).tolist()
        pieces = [self.skeleton[0]]
        for n, (value, size) in enumerate(zip(moved, sizes, strict=True)):
            text = str(round(abs(value))) if self.whole[n] else _real(abs(value), size)
            negative = value < 0 and float(text) != 0
            if negative and self.whole[n] and self.values[n] >= 0:
                negative, text = False, "0"
            pieces += (f"(-{text})" if negative else text, self.skeleton[n + 1])
        return "".join(pieces)

    def read(self, text: str) -> Vector | None:
        """Returns the steps that `write` made `text` of, rounded as they were; None where the skeleton differs."""
        found, place = [], 0
        for between in self.skeleton[:-1]:
            if not text.startswith(between, place):
                return None
            number = _NUMBER.match(text, place + len(between))
            if number is None:
                return None
            found.append(-float(number[1]) if number[1] else float(number[2]))
            place = number.end()
        if text[place:] != self.skeleton[-1]:
            return None
        return (np.array(found) - self.values) / self.scales


def literals(view: View, most: int) -> list[Literals]:
    """Returns the numbers of a text that may be tuned, in groups of at most `most` that are tuned together.

    A table, the outermost list or tuple around at least `TABLE` numbers, is a group of its own; what is left is
    another. Whole numbers that index or count are in none.
    """
    groups: dict[int, list[Node]] = {}
    for node in view.slots:
        if _tunable(view, node):
            groups.setdefault(_table(view, node), []).append(node)
    rest = [node for table, nodes in groups.items() if table < 0 or len(nodes) < TABLE for node in nodes]
    whole = [nodes for table, nodes in groups.items() if table >= 0 and len(nodes) >= TABLE]
    return [
        _literals(view, nodes[first : first + most])
        for nodes in (*whole, sorted(rest, key=lambda node: node.start))
        for first in range(0, len(nodes), most)
    ]


def _literals(view: View, nodes: Sequence[Node]) -> Literals:
    whole = np.array([node.kind == view.language.integer for node in nodes])
    spans, values = zip(*(_signed(view, node) for node in nodes), strict=True)
    text, ends = view.source.text, [0, *(span.end for span in spans)]
    between = zip(ends, [*(span.start for span in spans), len(text)], strict=True)
    skeleton = tuple(text[start:end].decode("utf-8") for start, end in between)
    return Literals(skeleton, np.array(values), whole, _scales(view, nodes, np.array(values), whole))


def _tunable(view: View, node: Node) -> bool:
    table = view.language
    if node.kind not in (table.integer, table.real) or _value(view, node) is None:
        return False
    if node.kind == table.real:
        return True
    above = list(node.ancestors())
    return node.sort != "index" and not any(
        part.kind in (table.subscript, table.slice) or view.callee(part) in table.integer_calls for part in above
    )


def _value(view: View, node: Node) -> float | None:
    """Returns the value of a literal; None for what is none here, such as an imaginary or a hexadecimal one."""
    try:
        value = float(view.of(node))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _signed(view: View, node: Node) -> tuple[Node, float]:
    """Returns the widest node that is nothing but this literal, its minus and their parentheses, with its value."""
    table, value = view.language, _value(view, node)
    assert value is not None
    above = node.parent
    if above is None or above.kind != table.unary or view.of(above)[0] != "-":
        return node, value
    around = above.parent
    return (around if around is not None and around.kind == table.parentheses else above), -value


def _scales(view: View, nodes: Sequence[Node], values: Vector, whole: NDArray[np.bool_]) -> Vector:
    """Returns each number's size. Those in one table share its root mean square, so that a point moves alike in all
    directions wherever it lies; a zero moves as a one does."""
    sizes = np.abs(values)
    tables = np.array([_table(view, node) for node in nodes])
    for table in set(tables.tolist()) - {-1}:
        alike = tables == table
        sizes[alike] = np.sqrt(np.mean(sizes[alike] ** 2))
    sizes = np.where(sizes == 0, 1.0, sizes)
    scales: Vector = np.where(whole, np.maximum(sizes, LEAST_WHOLE), sizes)
    return scales


def _table(view: View, node: Node) -> int:
    """Returns where the outermost list or tuple around a literal begins, -1 where there is none."""
    around = [part.start for part in node.ancestors() if part.kind in view.language.collections]
    return around[-1] if around else -1


def _real(size: float, deviation: float) -> str:
    """Returns a real literal of no more digits than a deviation makes worth writing."""
    least, most = DIGITS
    wanted = math.log10(size / deviation) if size > 0 and deviation > 0 else 0.0
    digits = min(max(least, math.ceil(wanted) + SPARE_DIGITS), most)
    text = f"{size:.{digits}g}"
    return text if "." in text or "e" in text else f"{text}.0"
