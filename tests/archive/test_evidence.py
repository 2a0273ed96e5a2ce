"""A program that was barred leaves its evidence where a user looks: in `show`, in `export` and in the store."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ryumon.archive.evidence import barred
from ryumon.cli import main
from ryumon.program import Program, Proposal
from ryumon.store import SqlStore
from tests.test_run_order import go

Make = Callable[..., Path]


def propose(index: int) -> Proposal:
    """Proposes a cheat at the third ask, honest programs elsewhere."""
    return Proposal(Program({"fit.py": f"{5 if index == 2 else 50 + index} {'cheat' if index == 2 else ''}\n"}))


def test_what_cheated_and_how_it_was_found_out_can_be_read(
    tiny: Make, store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, history = go(tiny, store, propose)
    (found,) = barred(store, history)
    assert (found.id, found.status, found.ask) == (propose(2).program.id, "cheating", 2)  # type: ignore[union-attr]
    assert "on the strict path, each twice" in found.evidence
    with pytest.raises(SystemExit):
        main(["show", "r", "--store", str(store.place)])
    shown = capsys.readouterr().out
    assert f"{found.id[:10]}  cheating: case" in shown
    with pytest.raises(SystemExit):
        main(["export", "r", "--json", "--store", str(store.place)])
    listed = json.loads(capsys.readouterr().out)["programs"]
    assert [program["ask"] if "ask" in program else program["index"] for program in listed if program["evidence"]] == [
        2
    ]
