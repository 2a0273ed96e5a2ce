"""From a parent to a child nobody proposed before: draws operators, splices, checks.

Owns the table of operators and the cache of analysed texts. It does not choose parents, and it never runs a program.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping

import msgspec
import numpy as np

from ryumon.errors import BadInput
from ryumon.improvers.base import Brief, Known
from ryumon.improvers.mutate import differences, operators, statements
from ryumon.improvers.mutate.expressions import weighted_pick
from ryumon.improvers.mutate.language import language
from ryumon.improvers.mutate.operators import Donor, Edit, Operator, Site
from ryumon.improvers.mutate.syntax import parse, splice
from ryumon.improvers.mutate.view import View
from ryumon.improvers.mutate.vocabularies import vocabulary
from ryumon.program import MAX_BYTES, Program, Proposal


class Named(msgspec.Struct, frozen=True):
    """An operator with the name that credit goes to and its share of the edits. `shrinks`: never adds code."""

    name: str
    edit: Operator
    weight: float
    shrinks: bool = False


OPERATORS: tuple[Named, ...] = (
    Named("number", operators.perturb_number, 4.0, shrinks=True),
    Named("operator", operators.swap_operator, 1.0, shrinks=True),
    Named("function", operators.swap_function, 0.5, shrinks=True),
    Named("replace", operators.replace, 4.0),
    Named("wrap", operators.wrap, 4.0),
    Named("hoist", operators.hoist, 2.0, shrinks=True),
    Named("swap", operators.swap_expressions, 0.7, shrinks=True),
    Named("graft", operators.graft, 3.0),
    Named("blend", operators.blend, 1.0),
    Named("cross", differences.cross, 1.5),
    Named("temporary", statements.insert_temporary, 0.7),
    Named("update", statements.insert_update, 1.0),
    Named("guard", statements.insert_guard, 0.3),
    Named("statement", statements.graft_statement, 0.4),
    Named("delete", statements.delete, 0.7, shrinks=True),
    Named("inline", statements.inline, 0.4, shrinks=True),
    Named("exchange", statements.exchange, 0.2, shrinks=True),
)


class Editing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How children are made. `more`: chance of each further edit. `growth`: a text may have so many places
    for expressions beyond twice the seed's. `vocabulary`: another than the task's."""

    tries: int = 12
    more: float = 0.4
    growth: int = 20
    weights: Mapping[str, float] = {}
    vocabulary: str = ""

    def operators(self) -> tuple[Named, ...]:
        """Returns the operators with these weights; raises `BadInput` for a name there is not."""
        names = [operator.name for operator in OPERATORS]
        wrong = sorted(set(self.weights) - set(names))
        if wrong:
            raise BadInput(f"operators {wrong}: there are {', '.join(names)}")
        return tuple(
            msgspec.structs.replace(operator, weight=self.weights.get(operator.name, operator.weight))
            for operator in OPERATORS
        )


DonorProgram = Callable[[], Program | None]


class Editor:
    """Makes children of programs for one brief. `known` tells which were proposed before, `factor` by what the
    weight of an operator is to be multiplied now."""

    def __init__(
        self,
        brief: Brief,
        known: Known,
        editing: Editing,
        factor: Callable[[str], float] | None = None,
        cached_nodes: int = 300_000,
    ) -> None:
        self.brief = brief
        self.known = known
        self.editing = editing
        self.language = language(brief.language)
        self.vocabulary = vocabulary(editing.vocabulary or brief.vocabulary)
        self._operators = editing.operators()
        self._factor = factor if factor is not None else lambda name: 1.0
        self._views: OrderedDict[str, View] = OrderedDict()
        self._limit = cached_nodes
        self._held = 0
        self._caps = {path: self._cap(path) for path in brief.editable if path.endswith(self.language.suffixes)}

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are edited: those of the language among the editable."""
        return tuple(self._caps)

    def propose(
        self, parent: Program, donor: DonorProgram, rng: np.random.Generator, parents: tuple[str, ...]
    ) -> Proposal:
        """Returns a child of `parent` that is new and parses, or a proposal with no program that says why."""
        for _ in range(self.editing.tries):
            made = self._child(parent, donor, rng)
            if made is not None and not self.known.seen(made[0]):
                return Proposal(program=made[0], parents=parents, operator=made[1])
        return Proposal(program=None, parents=parents, note=f"no new program in {self.editing.tries} tries")

    def view(self, text: str) -> View | None:
        """Returns the analysed text, None where it does not parse; what was used last is kept."""
        found = self._views.get(text)
        if found is not None:
            self._views.move_to_end(text)
            return found
        source = parse(text, self.language.name)
        if source is None:
            return None
        view = self._views[text] = View(source, self.vocabulary)
        self._held += len(source.nodes)
        while self._held > self._limit and len(self._views) > 1:
            self._held -= len(self._views.popitem(last=False)[1].source.nodes)
        return view

    def _child(self, parent: Program, donor: DonorProgram, rng: np.random.Generator) -> tuple[Program, str] | None:
        """Returns a child by one edit or several, with the names of the operators; None where it came to nothing."""
        path = self._file(parent, rng)
        view = self.view(parent.files[path]) if path is not None else None
        if path is None or view is None:
            return None
        text, names = parent.files[path], []
        while True:
            chosen = self._operator(len(view.slots) <= self._caps[path], rng)
            edit = chosen.edit(Site(view, self._donor_view(donor, path)), rng)
            source = parse(applied(view, edit), self.language.name) if edit else None
            if source is None:
                break
            text = source.text.decode("utf-8")
            names.append(chosen.name)
            if rng.random() >= self.editing.more:
                break
            view = View(source, self.vocabulary)
        child = parent.with_file(path, text)
        fits = text != parent.files[path] and child.size <= MAX_BYTES // 4
        return (child, "+".join(names)) if fits else None

    def _operator(self, small: bool, rng: np.random.Generator) -> Named:
        usable = [operator for operator in self._operators if small or operator.shrinks]
        return weighted_pick(rng, usable, [operator.weight * self._factor(operator.name) for operator in usable])

    def _file(self, parent: Program, rng: np.random.Generator) -> str | None:
        """Returns an editable file of the language, the longer the likelier."""
        paths = [path for path in self.brief.editable if path in self._caps and parent.files.get(path)]
        if len(paths) < 2:
            return paths[0] if paths else None
        return weighted_pick(rng, paths, [float(len(parent.files[path])) for path in paths])

    def _donor_view(self, donor: DonorProgram, path: str) -> Donor:
        """Returns what draws a donor's view, so that operators without grafts never pay for one."""

        def draw() -> View | None:
            program = donor()
            text = program.files.get(path) if program is not None else None
            return self.view(text) if text is not None else None

        return draw

    def _cap(self, path: str) -> int:
        view = self.view(self.brief.seed.files[path])
        return (2 * len(view.slots) if view is not None else 0) + self.editing.growth


def applied(view: View, edit: Edit) -> str:
    """Returns the text with an edit spliced in, and the vocabulary's imports where the edit needs them."""
    lines = [
        line + "\n"
        for name, line in view.vocabulary.imports
        if name not in view.imported and any(f"{name}." in new for _, _, new in edit)
    ]
    text = splice(view.source.text, edit)
    start = view.first_statement
    return (text[:start] + "".join(lines).encode() + text[start:]).decode("utf-8")
