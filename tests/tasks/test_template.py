"""The task that `ryumon new` copies: complete, readable, and easy to beat."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import ryumon
from ryumon.evaluation.claims import InvalidClaim
from ryumon.program import Program
from ryumon.task import Task, read_task
from ryumon.testing.inprocess import InProcess

FOLDER = Path(ryumon.__file__).parent / "cli" / "template"


@pytest.fixture(scope="module")
def task() -> Task:
    spec = importlib.util.spec_from_file_location("template_task", FOLDER / "task.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    loaded: Task = module.SmoothCurves()
    return loaded


def mean_score(task: Task, program: Program) -> float:
    return float(np.mean([task.evaluate(InProcess(program), case).score for case in task.cases("test", 0)]))


def test_the_template_reads_and_its_stages_cover_the_train_cases(task: Task) -> None:
    folder = read_task(FOLDER)
    assert sum(stage.cases for stage in folder.spec.stages) == len(task.cases("train", 0))
    assert "def smooth(samples: np.ndarray) -> np.ndarray" in folder.brief
    assert "def smooth(samples: np.ndarray) -> np.ndarray" in folder.seed.files["smooth.py"]


def test_the_seed_and_its_rivals_score_as_stated(task: Task) -> None:
    folder = read_task(FOLDER)
    reference = folder.spec.reference
    text = folder.seed.files["smooth.py"]
    stated = {
        "weights exp(-1.5 d), the seed": text,
        "weights exp(-0.6 d)": text.replace("-1.5", "-0.6"),
        "mean of seven": text.replace("np.exp(-1.5 * distance)", "(distance <= 3) * 1.0"),
    }
    for name, changed in stated.items():
        assert mean_score(task, Program({"smooth.py": changed})) == pytest.approx(reference[name], abs=5e-5)


def test_splits_and_seeds_give_different_cases(task: Task) -> None:
    cases = [
        c.data[0].tobytes() for seed in (0, 1) for s in ("train", "validation", "test") for c in task.cases(s, seed)
    ]
    assert len(set(cases)) == len(cases) == 2 * 82


@pytest.mark.parametrize("answer", ["samples[1:]", "samples * float('nan')", "samples.tolist()", "0.0"])
def test_an_answer_that_is_no_curve_is_refused(task: Task, answer: str) -> None:
    program = Program({"smooth.py": f"def smooth(samples):\n    return {answer}\n"})
    with pytest.raises(InvalidClaim, match="the curve must be"):
        task.evaluate(InProcess(program), task.cases("train", 0)[0])
