"""What holds for every improver: its process marks duplicates, and refuses edits where the task allows none."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ryumon import supervisor
from ryumon.errors import BadInput
from ryumon.improvers.base import Brief
from ryumon.improvers.client import ImproverClient
from ryumon.improvers.host import Forms, Host
from ryumon.improvers.messages import Open
from ryumon.program import Program, Proposal
from ryumon.score import Evaluation
from ryumon.store.sql import SqlStore
from tests.conftest import TOML

SEED = Program({"a.py": "def f(x):\n    return x + 1\n", "fixed.py": "y = 1\n"})
BRIEF = Brief(
    task="t",
    direction="minimize",
    text="",
    language="python",
    editable=("a.py",),
    vocabulary="arithmetic",
    seed=SEED,
)


class Scripted:
    """Proposes what it was made with."""

    def __init__(self, propose: Callable[[int], Program | None]) -> None:
        self._propose = propose

    def ask(self, i: int, rng: np.random.Generator) -> Proposal:
        """Returns the scripted program, with a draw of its generator in the note."""
        return Proposal(self._propose(i), note=str(rng.integers(1 << 60)))

    def tell(self, evaluation: Evaluation) -> None:
        """Learns nothing."""


def host(propose: Callable[[int], Program | None], seed: int = 0) -> Host:
    forms = Forms("python")
    forms.add(forms.form(SEED))
    return Host(Scripted(propose), forms, BRIEF, seed)


def test_a_proposal_equal_to_an_earlier_one_but_for_comments_is_a_duplicate() -> None:
    texts = ["def f(x):\n    return x + 2\n", "def f(x):\n    # the same\n    return (x + 2)\n", SEED.files["a.py"]]
    asked = host(lambda i: SEED.with_file("a.py", texts[i]))
    assert [asked.ask(i).proposal.duplicate for i in range(3)] == [False, True, True]


@pytest.mark.parametrize(
    "program",
    [
        SEED.with_file("fixed.py", "y = 2\n"),
        SEED.with_file("new.py", ""),
        Program({"a.py": SEED.files["a.py"]}),
        SEED.with_file("../up.py", ""),
        SEED.with_file("a.py", "x = 1\n" * 100_000),
    ],
    ids=["fixed file changed", "file added", "file dropped", "path outside", "too large"],
)
def test_an_edit_outside_the_editable_files_becomes_no_program_with_the_reason(program: Program) -> None:
    proposed = host(lambda i: program).ask(0)
    assert proposed.proposal.program is None
    assert proposed.proposal.note


def test_the_generator_depends_on_the_run_s_seed_and_the_ask_alone() -> None:
    def draws(seed: int, order: tuple[int, ...]) -> dict[int, str]:
        asked = host(lambda i: None, seed)
        return {i: asked.ask(i).proposal.note for i in order}

    assert draws(0, (0, 1, 2)) == draws(0, (2, 0, 1))
    assert draws(0, (0,)) != draws(1, (0,))


def test_an_improver_that_is_not_there_is_one_line() -> None:
    with pytest.raises(BadInput, match="wizard"):
        asyncio.run(ImproverClient.start(Open("wizard", {}, BRIEF, 0), "A"))


def test_the_process_answers_what_it_is_asked_and_ends_with_its_client() -> None:
    async def inside() -> list[str]:
        client = await ImproverClient.start(Open("best-of-n", {}, BRIEF, 0), "A")
        try:
            await client.tell(Evaluation(index=-1, program=SEED, operator="seed", status="ok", score=1.0))
            found = [await client.ask(i) for i in range(5)]
        finally:
            used = client.close()
        assert used > 0
        assert client.close() == used
        return [proposed.proposal.program.id for proposed in found if proposed.proposal.program is not None]

    first, second = asyncio.run(inside()), asyncio.run(inside())
    assert first == second
    assert len(set(first)) > 1


def test_a_run_hides_its_task_and_held_out_files_from_its_improver(
    tiny: Callable[..., Path], store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = tmp_path / "held"
    held.mkdir()
    folder = tiny(toml=f'{TOML.split("[[stages]]")[0]}\n[paths]\nheld = "{held}"\n')

    def started(*_: object, hidden: list[Path], **__: object) -> None:
        assert {folder, held} <= set(hidden)
        raise BadInput("seen")

    monkeypatch.setattr("ryumon.improvers.client.start_role", started)
    with pytest.raises(BadInput, match="seen"):
        asyncio.run(supervisor.start(store, str(folder), supervisor.Settings(), "A", print))
