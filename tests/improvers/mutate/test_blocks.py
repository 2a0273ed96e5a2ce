"""`mutate` edits what lies between markers, where there are some."""

import numpy as np
import pytest

from ryumon.blocks import fixed
from ryumon.improvers.mutate import Editing, Editor
from ryumon.program import Program
from tests.improvers.corpus import Memory, brief

OUTSIDE = """
FACTOR = 3.0


def before(x):
    return x * 2.0 + FACTOR


"""
BLOCK = """# EVOLVE-BLOCK-START
def middle(x):
    y = x * 0.5
    z = y + 1.0
    return z


# EVOLVE-BLOCK-END
"""
INDENTED = """def after(x):
    w = x + 4.0
    # EVOLVE-BLOCK-START
    v = w * 0.25
    u = v - x
    # EVOLVE-BLOCK-END
    return u + w
"""


@pytest.mark.parametrize("words", ["arithmetic", "numpy-elementwise"])
def test_children_of_a_marked_program_differ_inside_its_blocks_alone(words: str) -> None:
    text = OUTSIDE + BLOCK + INDENTED
    editor = Editor(brief(text, words), Memory(), Editing())
    rng = np.random.default_rng(0)
    (path,) = editor.brief.editable
    seen, parent = set(), editor.brief.seed
    for _ in range(300):
        proposal = editor.propose(parent, lambda: editor.brief.seed, rng, ())
        if proposal.program is not None:
            seen.add(proposal.program.files[path])
            parent = proposal.program if rng.random() < 0.5 else editor.brief.seed
    assert len(seen) > 200
    assert all(fixed(child) == fixed(text) for child in seen)


def test_an_import_that_an_edit_needs_goes_into_the_block() -> None:
    text = OUTSIDE + BLOCK
    editor = Editor(brief(text, "numpy-elementwise"), Memory(), Editing())
    rng = np.random.default_rng(1)
    (path,) = editor.brief.editable
    children = [editor.propose(Program({path: text}), lambda: None, rng, ()).program for _ in range(400)]
    importing = [child.files[path] for child in children if child is not None and "import numpy" in child.files[path]]
    assert importing
    assert all("# EVOLVE-BLOCK-START\nimport numpy as np\n" in child for child in importing)
