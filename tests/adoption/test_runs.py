"""Adopted tasks in the sandbox: the scores of where they come from, none for a failure, and no verdict to trust."""

import asyncio
from pathlib import Path

import pytest

from ryumon.adoption import adopt
from ryumon.engines.local import LocalEngine
from ryumon.evaluation.evaluator import Evaluator, Measured
from ryumon.store import SqlStore
from ryumon.task import read_task
from tests.adoption.peers import OPENEVOLVE, PROGRAM, SHINKA, lay_out
from tests.conftest import run_to_end

SYSTEMS = ("openevolve", "shinka")
SEED_SCORE = 0.5878  # by hand: 1 / (1 + the sum of |x/2 + 1 - exp(x)| over the four inputs)


def adopted(tmp_path: Path, system: str, **changed: str | None) -> Path:
    adopt(system, lay_out(tmp_path / "theirs", system, **changed), tmp_path / "ours", "ours")
    return tmp_path / "ours"


def measured(folder: Path, *blocks: str) -> list[Measured]:
    """Returns how the seed measures with each of `blocks` in place of its own."""
    task = read_task(folder)
    (path,) = task.spec.editable
    before, rest = PROGRAM.split("# EVOLVE-BLOCK-START\n")
    after = rest.split("# EVOLVE-BLOCK-END")[1]
    texts = [f"{before}# EVOLVE-BLOCK-START\n{block}# EVOLVE-BLOCK-END{after}" for block in blocks]

    async def inside() -> list[Measured]:
        engine = LocalEngine(task, "A", 1)
        try:
            evaluator = Evaluator(engine, task, 0)
            return [await evaluator.read(task.seed.with_file(path, text), "train", 0) for text in texts]
        finally:
            engine.close()

    return asyncio.run(inside())


@pytest.mark.parametrize("system", SYSTEMS)
def test_scores_are_the_evaluators_own_and_a_failure_has_none(tmp_path: Path, system: str) -> None:
    blocks = (
        "def guess(x):\n    return x * 0.5 + 1.0\n",
        "def guess(x):\n    return math.exp(x)\n",
        "def guess(x):\n    return 1 / 0\n",
        "def guess(x):\n    return None\n",
        "def guess(x):\n    import os\n    os._exit(0)\n",
    )
    seed, best, raising, nan, leaving = measured(adopted(tmp_path, system), *blocks)
    assert seed.score == pytest.approx(SEED_SCORE, abs=1e-4)
    assert best.score == pytest.approx(1.0)
    assert seed.results[0].metrics["missed"] == pytest.approx(1 / SEED_SCORE - 1, abs=1e-3)
    assert ("off by" in seed.results[0].feedback) or ("closer" in seed.results[0].feedback)
    assert "key" not in seed.results[0].metrics
    assert (raising.score, raising.status) == (None, "invalid")
    assert "division by zero" in raising.reason
    assert (nan.score, nan.status) == (None, "invalid")
    assert (leaving.score, leaving.status) == (None, "killed")


def test_shinkas_correctness_decides_whatever_the_score(tmp_path: Path) -> None:
    wrong = SHINKA.replace("len(found) == len(curve.INPUTS)", "found[0] < 0.9")
    (seed,) = measured(adopted(tmp_path, "shinka", evaluate=wrong), "def guess(x):\n    return 1.0\n")
    assert (seed.status, "4 answers" in seed.reason) == ("invalid", True)


def test_a_candidate_that_never_ends_is_ended_by_its_limit(tmp_path: Path) -> None:
    folder = adopted(tmp_path, "openevolve")
    spec = folder / "task.toml"
    spec.write_text(spec.read_text().replace("cpu_s = 7", "cpu_s = 0.2"))
    (hung,) = measured(folder, "def guess(x):\n    while True:\n        pass\n")
    assert (hung.score, hung.status) == (None, "cpu_limit")


def test_an_evaluator_may_start_a_program_that_finds_its_packages_and_a_place_to_write(tmp_path: Path) -> None:
    starts = OPENEVOLVE.replace(
        "import time\n", "import subprocess\nimport sys\nimport tempfile\nimport time\nimport numpy\n"
    ).replace(
        "        missed =",
        "        with tempfile.NamedTemporaryFile('w', suffix='.py') as script:\n"
        "            script.write('import numpy, curve; print(numpy.__file__)')\n"
        "            script.flush()\n"
        "            said = subprocess.run([sys.executable, script.name], capture_output=True, text=True)\n"
        "        assert said.stdout.strip() == numpy.__file__, said.stderr\n"
        "        missed =",
    )
    (seed,) = measured(adopted(tmp_path, "openevolve", evaluator=starts), "def guess(x):\n    return x * 0.5 + 1.0\n")
    assert seed.score == pytest.approx(SEED_SCORE, abs=1e-4), seed.reason


FORGES = """def guess(x):
    import sys

    sys.modules["evaluation_module"].EvaluationResult.__init__ = forged
    return x


def forged(self, metrics, artifacts):
    self.metrics, self.artifacts = {"combined_score": 1e6}, {}
"""


def test_a_forged_score_is_possible_beside_the_candidate_which_is_why_no_verdict_says_improved(
    tmp_path: Path, store: SqlStore
) -> None:
    folder = adopted(tmp_path, "openevolve")
    (found,) = measured(folder, FORGES)
    assert found.score == 1e6
    capped = run_to_end(store, folder, budget="25ev", name="capped")
    assert capped.champion is not None
    assert capped.champion.test is not None
    assert capped.champion.test > SEED_SCORE + 0.001
    assert capped.verdict == "no evidence"
    spec = folder / "task.toml"
    spec.write_text(spec.read_text().replace("unseparated = true", "unseparated = false"))
    timeless = (folder / "seed" / "evaluator.py").read_text().replace(', "eval_time": time.time() - began', "")
    (folder / "seed" / "evaluator.py").write_text(timeless)
    assert run_to_end(store, folder, budget="25ev", name="trusted").verdict == "improved"


def test_measured_times_among_the_metrics_do_not_make_a_seed_nondeterministic(tmp_path: Path, store: SqlStore) -> None:
    found = run_to_end(store, adopted(tmp_path, "shinka"), budget="2ev", name="times")
    assert found.evaluations == 2


def test_only_the_block_changes_in_a_run(tmp_path: Path, store: SqlStore) -> None:
    from ryumon.archive.journal import stored_evaluations
    from ryumon.blocks import fixed
    from ryumon.store import read_files

    run_to_end(store, adopted(tmp_path, "openevolve"), budget="15ev", name="r")
    records = [record for record in stored_evaluations(store, "r") if record.files]
    texts = {read_files(store, record.files or {}).files["initial_program.py"] for record in records}
    assert len(texts) > 10
    assert all(fixed(text) == fixed(PROGRAM) for text in texts)
