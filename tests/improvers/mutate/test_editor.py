import ast
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ryumon.errors import BadInput
from ryumon.improvers.mutate import OPERATORS, Editing, Editor
from ryumon.improvers.mutate.editor import applied
from ryumon.improvers.mutate.operators import Site
from ryumon.improvers.mutate.syntax import parse
from ryumon.improvers.mutate.view import View
from ryumon.improvers.mutate.vocabularies import vocabulary
from ryumon.program import Program
from tests.improvers.corpus import ARRAYS, CORPUS, Memory, brief

pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning")


def editor(name: str, **editing: object) -> Editor:
    text, words = CORPUS[name]
    return Editor(brief(text, words), Memory(), Editing(**editing))  # type: ignore[arg-type]


def view(name: str) -> View:
    text, words = CORPUS[name]
    source = parse(text, "python")
    assert source is not None
    return View(source, vocabulary(words))


def compiles(text: str) -> bool:
    try:
        compile(text, "child", "exec")
    except SyntaxError:
        return False
    return True


@given(
    st.sampled_from(sorted(CORPUS)), st.sampled_from(sorted(CORPUS)), st.sampled_from(OPERATORS), st.integers(0, 2**32)
)
@settings(max_examples=300, deadline=None)
def test_any_edit_that_parses_changes_its_ranges_alone_and_no_signature(name, other, operator, seed) -> None:  # type: ignore[no-untyped-def]
    here = view(name)
    edit = operator.edit(Site(here, lambda: view(other)), np.random.default_rng(seed))
    if not edit:
        return
    text = applied(here, edit)
    before = here.source.text
    start, end = min(change[0] for change in edit), max(change[1] for change in edit)
    assert text.encode().endswith(before[end:])
    assert before[:start].split(b"def ")[0].strip() in text.encode()
    if compiles(text):
        assert _signatures(text) == _signatures(before.decode())


def _signatures(text: str) -> list[tuple[str, str, str | None]]:
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [(node.name, ast.dump(node.args), ast.get_docstring(node)) for node in functions]


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_every_operator_finds_something_to_do_in_the_corpus(operator) -> None:  # type: ignore[no-untyped-def]
    edits = [
        operator.edit(Site(view(name), lambda: view("arrays")), np.random.default_rng(seed))
        for name in CORPUS
        for seed in range(60)
    ]
    assert any(edits)


@pytest.mark.parametrize("name", CORPUS)
def test_four_children_in_five_compile(name: str) -> None:
    make = editor(name)
    seed = make.brief.seed
    children = [make.propose(seed, lambda: seed, np.random.default_rng(i), ()).program for i in range(150)]
    made = [child.files["main.py"] for child in children if child is not None]
    assert len(made) >= 140
    assert sum(map(compiles, made)) >= 0.8 * len(made)


@pytest.mark.parametrize("name", CORPUS)
def test_files_outside_editable_and_docstrings_stay(name: str) -> None:
    make = editor(name)
    seed = make.brief.seed
    for i in range(40):
        child = make.propose(seed, lambda: seed, np.random.default_rng(i), ()).program
        assert child is not None
        assert child.files["notes.txt"] == "left alone"
        assert "Keep this." in child.files["main.py"] or name != "arrays"


def test_a_module_that_the_vocabulary_needs_is_imported_once() -> None:
    text = '"""Doc."""\n\ndef f(x: float) -> float:\n    return x + 1.0\n'
    make = Editor(brief(text, "numpy-elementwise"), Memory(), Editing(more=0.0))
    seed = make.brief.seed
    children = [make.propose(seed, lambda: seed, np.random.default_rng(i), ()).program for i in range(120)]
    texts = [child.files["main.py"] for child in children if child is not None]
    using = [text for text in texts if "np." in text]
    assert using
    assert all(text.count("import numpy as np") == 1 and text.startswith('"""Doc."""') for text in using)
    assert all("import numpy" not in text for text in texts if "np." not in text)


def test_a_child_known_through_comments_and_layout_is_not_proposed_again() -> None:
    base = brief(ARRAYS, "numpy-elementwise")
    memory = Memory(base.seed)
    make = Editor(base, memory, Editing())
    first = make.propose(base.seed, lambda: base.seed, np.random.default_rng(3), ()).program
    assert first is not None
    memory.add(Program({**first.files, "main.py": "# told\n" + first.files["main.py"].replace(" - ", "  -  ")}))
    second = make.propose(base.seed, lambda: base.seed, np.random.default_rng(3), ()).program
    assert second is not None
    assert second.files != first.files


def test_a_text_that_says_nothing_of_sorts_can_still_be_edited() -> None:
    asked = brief("def rule(x):\n    return x\n", "arithmetic")
    found = Editor(asked, Memory(), Editing())
    child = found.propose(asked.seed, lambda: None, np.random.default_rng(0), ()).program
    assert child is not None
    assert compiles(child.files["main.py"])


def test_when_all_is_known_the_proposal_says_so_and_has_no_program() -> None:
    class All:
        def seen(self, program: Program) -> bool:
            return True

    base = brief(ARRAYS, "numpy-elementwise")
    proposal = Editor(base, All(), Editing(tries=3)).propose(base.seed, lambda: None, np.random.default_rng(0), ("p",))
    assert proposal.program is None
    assert "3 tries" in proposal.note


def test_a_text_that_outgrew_its_cap_only_shrinks() -> None:
    make = editor("arrays", growth=-100)
    seed = make.brief.seed
    shrinking = {operator.name for operator in OPERATORS if operator.shrinks}
    for i in range(30):
        proposal = make.propose(seed, lambda: seed, np.random.default_rng(i), ())
        assert set(proposal.operator.split("+")) <= shrinking


def test_an_operator_that_there_is_not_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(BadInput, match="wrap"):
        editor("arrays", weights={"wrapp": 1.0})


def test_a_vocabulary_or_language_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadInput, match="numpy-elementwise"):
        Editor(brief(ARRAYS, "nothing"), Memory(), Editing())
    with pytest.raises(BadInput, match="numpy-elementwise"):
        Editor(brief(ARRAYS, "arithmetic"), Memory(), Editing(vocabulary="nothing"))


def test_another_vocabulary_than_the_tasks_may_be_asked_for() -> None:
    text = "import numpy as np\n\n\ndef f(x: np.ndarray) -> np.ndarray:\n    return x + 1.0\n"
    base = brief(text, "numpy-elementwise")

    def calls(vocabulary: str = "") -> set[str]:
        make = Editor(base, Memory(), Editing(more=0.0, vocabulary=vocabulary))
        children = [make.propose(base.seed, lambda: base.seed, np.random.default_rng(i), ()).program for i in range(80)]
        return {name for child in children if child for name in re.findall(r"np\.(\w+)\(", child.files["main.py"])}

    assert len(calls()) > 3
    assert not calls(vocabulary="operators")
