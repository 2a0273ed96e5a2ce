"""Importing the package and asking for help load nothing heavy."""

import subprocess
import sys

import pytest

HEAVY = ("numpy", "sqlalchemy", "tree_sitter", "asyncio", "msgspec", "torch", "fastapi", "ray")


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import ryumon", HEAVY),
        (
            "import ryumon.cli\ntry:\n    ryumon.cli.main(['--help'])\nexcept SystemExit:\n    pass",
            ("numpy", "sqlalchemy", "tree_sitter", "msgspec", "torch"),
        ),
    ],
    ids=["import", "help"],
)
def test_nothing_heavy_is_loaded(code: str, heavy: tuple[str, ...]) -> None:
    script = f"{code}\nimport sys\nprint('loaded', [name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded []"
