"""Named sets of expression forms, shared by every task of a kind; none is made for one task.

A form is a template with the sorts of its arguments and of its result. Sorts: `number`, `index` (a whole number),
`flag`, `array`, `mask` (an array of flags), `list`. `same` stands for the sort that is wanted, array or number, and
`mixed` for that or a number. `fixed` is a plain number constant, `divisor` that or a name of a number:
plain division is for those alone, since a larger divisor sooner or later meets a zero.
"""

from functools import cache

import msgspec

from ryumon.errors import BadInput
from ryumon.suggestions import closest

Sort = str
SORTS: tuple[Sort, ...] = ("number", "index", "flag", "array", "mask", "list")


class Form(msgspec.Struct, frozen=True):
    """`template` with one `{}` for each argument. Operator forms need parentheses around them when nested."""

    template: str
    arguments: tuple[Sort, ...]
    result: Sort
    weight: float = 1.0

    def render(self, arguments: list[tuple[str, bool]]) -> tuple[str, bool]:
        """Returns the text and whether it is atomic; arguments come with that flag too, and get parentheses."""
        pieces = self.template.split("{}")
        text = pieces[0]
        for (argument, atomic), after in zip(arguments, pieces[1:], strict=True):
            bare = atomic or (text.endswith(("(", ", ")) and after.startswith((",", ")")))
            text += (argument if bare else f"({argument})") + after
        return text, self.atomic

    @property
    def function(self) -> str:
        """The written name of the function called, "" where the form does not begin with a call."""
        name, bracket, _ = self.template.partition("(")
        return name if bracket and name.replace(".", "").isidentifier() else ""

    @property
    def plain(self) -> bool:
        """Whether the form is one call of its arguments and nothing else."""
        return self.template == f"{self.function}({', '.join('{}' for _ in self.arguments)})"

    @property
    def atomic(self) -> bool:
        """Whether the result never needs parentheses: it begins with a name and is a call or an index."""
        return self.template.endswith((")", "]")) and not self.template.startswith(("(", "-", "~")) and self.closed

    @property
    def closed(self) -> bool:
        """Whether nothing but names, and brackets that follow them or one another, stands outside of brackets."""
        depth = 0
        for letter, after in zip(self.template, f"{self.template[1:]}[", strict=True):
            depth += (letter in "([") - (letter in ")]")
            if depth == 0 and (letter == " " or (letter in ")]" and after != "[")):
                return False
        return True


class Vocabulary(msgspec.Struct, frozen=True, eq=False):
    """Forms, and the import lines for the modules they name. Compared by identity."""

    name: str
    forms: tuple[Form, ...]
    imports: tuple[tuple[str, str], ...] = ()

    def making(self, sort: Sort) -> tuple[Form, ...]:
        """Returns the forms whose result is `sort`, `same` forms included."""
        return _making(self, sort)

    def taking(self, sort: Sort, result: Sort) -> tuple[Form, ...]:
        """Returns the forms that make `result` and have an argument of `sort`."""
        return _taking(self, sort, result)


@cache
def _making(vocabulary: Vocabulary, sort: Sort) -> tuple[Form, ...]:
    sort = "number" if sort == "index" else sort
    polymorphic = sort in ("number", "array")
    return tuple(form for form in vocabulary.forms if form.result == sort or (polymorphic and form.result == "same"))


def compared(result: Sort) -> Sort:
    """Returns the sort of the `same` and `mixed` arguments of a form: masks come from comparing arrays."""
    return "array" if result == "mask" else result


def accepts(argument: Sort, sort: Sort, result: Sort) -> bool:
    """Returns whether an argument declared `argument`, in a form that makes `result`, takes a value of `sort`."""
    wanted = compared(result) if argument in ("same", "mixed") else argument
    return sort == wanted or (argument == "mixed" and sort == "number") or (sort == "index" and wanted == "number")


@cache
def _taking(vocabulary: Vocabulary, sort: Sort, result: Sort) -> tuple[Form, ...]:
    made = _making(vocabulary, result)
    return tuple(form for form in made if any(accepts(argument, sort, result) for argument in form.arguments))


Signature = tuple[str, tuple[Sort, ...], Sort, float]

_OPERATORS: tuple[Signature, ...] = (
    ("{} + {}", ("same", "mixed"), "same", 2.0),
    ("{} - {}", ("same", "mixed"), "same", 2.0),
    ("{} * {}", ("same", "mixed"), "same", 2.0),
    ("{} - {}", ("mixed", "same"), "same", 1.0),
    ("{} / {}", ("same", "divisor"), "same", 1.5),
    ("{} % {}", ("same", "number"), "same", 0.7),
    ("-{}", ("same",), "same", 0.5),
    ("{} ** {}", ("same", "fixed"), "same", 0.7),
    ("{} ** 2", ("same",), "same", 1.0),
    ("{} if {} else {}", ("number", "flag", "number"), "number", 0.7),
    ("{} < {}", ("number", "number"), "flag", 1.5),
    ("{} > {}", ("number", "number"), "flag", 1.5),
    ("{} == {}", ("number", "number"), "flag", 0.4),
    ("{} and {}", ("flag", "flag"), "flag", 0.3),
    ("{} or {}", ("flag", "flag"), "flag", 0.3),
    ("not {}", ("flag",), "flag", 0.2),
)

_PLAIN: tuple[Signature, ...] = (
    ("{} / (1 + abs({}))", ("number", "number"), "number", 1.0),
    ("max({}, {})", ("number", "number"), "number", 1.0),
    ("min({}, {})", ("number", "number"), "number", 1.0),
    ("abs({})", ("number",), "number", 0.7),
    ("abs({}) ** 0.5", ("number",), "number", 0.5),
)

_LISTS: tuple[Signature, ...] = (
    ("sum({})", ("list",), "number", 1.0),
    ("len({})", ("list",), "number", 1.0),
    ("max({})", ("list",), "number", 0.7),
    ("min({})", ("list",), "number", 0.7),
    ("{}[0]", ("list",), "number", 0.5),
    ("{}[-1]", ("list",), "number", 0.5),
    ("sorted({})", ("list",), "list", 1.0),
    ("list(reversed({}))", ("list",), "list", 1.0),
    ("{} + {}", ("list", "list"), "list", 0.5),
    ("{}[1:]", ("list",), "list", 0.5),
    ("{}[:-1]", ("list",), "list", 0.5),
)

_NUMPY: tuple[Signature, ...] = (
    ("{} / np.maximum({}, 1)", ("same", "mixed"), "same", 1.0),
    ("{} / (1 + np.abs({}))", ("mixed", "same"), "same", 0.7),
    ("np.where({}, {}, {})", ("mask", "mixed", "same"), "array", 3.0),
    ("np.minimum({}, {})", ("same", "mixed"), "same", 1.0),
    ("np.maximum({}, {})", ("same", "mixed"), "same", 1.0),
    ("np.abs({})", ("same",), "same", 0.5),
    ("np.sqrt(np.abs({}))", ("same",), "same", 0.4),
    ("np.square({})", ("same",), "same", 0.2),
    ("np.exp({})", ("same",), "same", 0.2),
    ("np.exp(-np.abs({}))", ("same",), "same", 0.3),
    ("np.log1p(np.abs({}))", ("same",), "same", 0.3),
    ("np.tanh({})", ("same",), "same", 0.15),
    ("np.sign({})", ("same",), "same", 0.1),
    ("np.convolve({}, (1, -1))[:-1]", ("array",), "array", 3.0),  # differences, in half the time of np.diff
    ("np.convolve({}, (1, -1))[1:]", ("array",), "array", 0.5),
    ("np.convolve({}, (0, 1))[:-1]", ("array",), "array", 0.3),  # neighbours, in a third of the time of np.roll
    ("np.convolve({}, (1, 0))[1:]", ("array",), "array", 0.2),
    ("np.cumsum({})", ("array",), "array", 0.1),
    ("np.argsort({})", ("array",), "array", 0.05),
    ("{} * {}", ("array", "mask"), "array", 0.7),
    ("np.max({})", ("array",), "number", 2.0),
    ("np.min({})", ("array",), "number", 1.5),
    ("np.mean({})", ("array",), "number", 1.0),
    ("len({})", ("array",), "number", 0.1),
    ("{} < {}", ("array", "mixed"), "mask", 1.5),
    ("{} > {}", ("array", "mixed"), "mask", 1.5),
    ("{} <= {}", ("array", "number"), "mask", 0.7),
    ("{} >= {}", ("array", "number"), "mask", 0.7),
    ("{} == {}", ("array", "number"), "mask", 0.7),
    ("{} & {}", ("mask", "mask"), "mask", 0.3),
    ("{} | {}", ("mask", "mask"), "mask", 0.3),
    ("~{}", ("mask",), "mask", 0.2),
)


def _forms(*groups: tuple[Signature, ...]) -> tuple[Form, ...]:
    return tuple(Form(*signature) for group in groups for signature in group)


_VOCABULARIES: dict[str, Vocabulary] = {
    vocabulary.name: vocabulary
    for vocabulary in (
        Vocabulary("operators", _forms(_OPERATORS)),
        Vocabulary("arithmetic", _forms(_OPERATORS, _PLAIN)),
        Vocabulary("list", _forms(_OPERATORS, _PLAIN, _LISTS)),
        Vocabulary("numpy-elementwise", _forms(_OPERATORS, _NUMPY), (("np", "import numpy as np"),)),
    )
}


def vocabulary(name: str) -> Vocabulary:
    """Returns a vocabulary by name; raises `BadInput` listing those there are."""
    if name not in _VOCABULARIES:
        raise BadInput(f"unknown vocabulary {name!r}{closest(name, sorted(_VOCABULARIES))}")
    return _VOCABULARIES[name]
