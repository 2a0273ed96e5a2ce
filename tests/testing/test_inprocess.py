"""The in-process candidate copies as the sandbox does, and leaves nothing imported behind."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ryumon.program import Program
from ryumon.sandbox.guest.codec import CodecError
from ryumon.testing.inprocess import InProcess, across

COUNTER = Program(
    {"inprocess_counter.py": "seen = 0\ndef count(by):\n    global seen\n    seen += by\n    return seen\n"}
)


def test_a_session_keeps_state_and_a_call_starts_afresh() -> None:
    candidate = InProcess(COUNTER)
    with candidate.session() as session:
        count = session.function("inprocess_counter.py:count")
        assert [count(1), count(2), session.call("inprocess_counter.py:count", 3)] == [1, 3, 6]
    assert candidate.call("inprocess_counter.py:count", 1) == 1
    assert "inprocess_counter" not in sys.modules


def test_arguments_and_claims_are_copies() -> None:
    program = Program({"keeper.py": "def zero(values):\n    values[:] = 0\n    return values\n"})
    values = np.ones(3)
    claim = InProcess(program).call("keeper.py:zero", values)
    assert values.tolist() == [1, 1, 1]
    assert claim.tolist() == [0, 0, 0]


def test_a_program_of_several_files_imports_its_own() -> None:
    program = Program(
        {"main_part.py": "from other_part import two\ndef four():\n    return 2 * two\n", "other_part.py": "two = 2"}
    )
    assert InProcess(program).call("main_part.py:four") == 4
    assert "other_part" not in sys.modules


@pytest.mark.parametrize("strict", [False, True])
def test_a_driver_runs_with_the_candidate_function(tmp_path: Path, strict: bool) -> None:
    (tmp_path / "drivers.py").write_text("def twice(function, by):\n    function(by)\n    return (function(by), by)\n")
    claim = InProcess(COUNTER, tmp_path, strict=strict).drive("drivers.py:twice", "inprocess_counter.py:count", 2)
    assert claim == [4, 2]
    assert "drivers" not in sys.modules


def test_tuples_become_lists_and_other_types_are_refused() -> None:
    assert across(((1, 2.5), {"a": (b"x", None)})) == [[1, 2.5], {"a": [b"x", None]}]
    for value in (object(), np.array([object()])):
        with pytest.raises(CodecError):
            across(value)


def test_a_process_gets_its_input_in_a_folder_of_the_program() -> None:
    candidate = InProcess(Program({"main.py": "import sys\nprint(sys.stdin.read().upper(), end='')\n"}))
    assert candidate.run("shout", command=[sys.executable, "main.py"]) == "SHOUT"
    assert candidate.run(b"shout", command=["cat", "main.py"]).startswith(b"import sys")
