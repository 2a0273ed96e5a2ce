"""Job-shop dispatching: instances, the check of a claimed schedule, and what the driver shows a rule."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ryumon.evaluation.claims import InvalidClaim
from ryumon.program import Program
from ryumon.task import read_task
from ryumon.tasks.job_shop import task as module
from ryumon.tasks.job_shop.drivers import dispatch
from ryumon.tasks.job_shop.published import OPTIMA, published
from ryumon.tasks.job_shop.task import JobShop, instance, lower_bound, makespan
from ryumon.testing.inprocess import InProcess

FOLDER = Path(module.__file__).parent
NAMES = ("duration", "delay", "waited", "work_left", "ops_left", "next_duration", "next_wait")
# Two jobs: machine 0 for 3 then machine 1 for 2; machine 1 for 4 then machine 0 for 1.
TINY = (np.array([[0, 1], [1, 0]]), np.array([[3, 2], [4, 1]]))


def program(answer: str) -> Program:
    return Program({"rule.py": f"import numpy as np\ndef priority({', '.join(NAMES)}):\n    return {answer}\n"})


def span_of(name: str, answer: str) -> float:
    case = next(case for case in JobShop().cases("test", 0) if case.id == name)
    return JobShop().evaluate(InProcess(program(answer), FOLDER), case).metrics["makespan"]


def test_the_task_reads_and_its_stages_cover_the_train_cases() -> None:
    spec = read_task(FOLDER).spec
    assert spec.name == "job-shop"
    assert sum(stage.cases for stage in spec.stages) == len(JobShop().cases("train", 0))


def test_cases_are_the_same_for_a_seed_and_disjoint_between_splits_and_seeds() -> None:
    task = JobShop()
    cases = [c for seed in (0, 1) for s in ("train", "validation", "test") for c in task.cases(s, seed)]
    fresh = [case.data[1].tobytes() for case in cases if case.id not in OPTIMA]
    assert len(set(fresh)) == len(fresh) == 2 * 72
    again = task.cases("train", 0)
    assert all(np.array_equal(a.data, b.data) for a, b in zip(again, cases, strict=False))


def test_every_job_visits_every_machine_once_for_1_to_99() -> None:
    rng = np.random.default_rng(0)
    machines, durations = (
        np.concatenate(part) for part in zip(*(instance(rng, 20, 10) for _ in range(50)), strict=True)
    )
    assert (np.sort(machines, axis=1) == np.arange(10)).all()
    assert (durations.min(), durations.max()) == (1, 99)
    assert durations.mean() == pytest.approx(50, abs=1)
    assert np.bincount(machines[:, 0], minlength=10) == pytest.approx(100, abs=40)


def test_published_instances_are_as_published() -> None:
    instances = published()
    assert instances["ta01"][1][0].tolist() == [94, 66, 10, 53, 26, 15, 65, 82, 10, 27, 93, 92, 96, 70, 83]
    assert instances["ta01"][0][0].tolist() == [6, 12, 4, 7, 3, 2, 10, 11, 8, 14, 9, 13, 5, 0, 1]
    for machines, _ in instances.values():
        assert (np.sort(machines, axis=1) == np.arange(machines.shape[1])).all()
    bounds = {name: lower_bound(data) for name, data in instances.items()}
    assert bounds == {"ft06": 47, "ft10": 655, "ft20": 1119, "la01": 666, "ta01": 977}
    assert all(bounds[name] <= OPTIMA[name] for name in OPTIMA)


def test_known_rules_give_their_published_makespans() -> None:
    shortest, most_work, most_ops = (f"{rule} - 1e5 * delay" for rule in ("-duration", "work_left", "ops_left"))
    assert [span_of("ta01", rule) for rule in (shortest, most_work, most_ops)] == [1462, 1491, 1438]
    assert [span_of("ft06", rule) for rule in (shortest, most_work, most_ops)] == [88, 61, 59]
    assert [span_of("ft10", rule) for rule in (shortest, most_work)] == [1074, 1108]


def test_random_rules_reach_the_optimum_of_ft06_and_never_pass_it() -> None:
    data = published()["ft06"]
    rng = np.random.default_rng(1)
    spans = [
        makespan(dispatch(lambda *f: rng.random(len(f[0])) - 0.3 * f[1] + 0.02 * f[3], *data), data) for _ in range(600)
    ]
    assert min(spans) == OPTIMA["ft06"]


def test_the_seed_scores_as_first_in_first_out() -> None:
    result = [
        JobShop().evaluate(InProcess(read_task(FOLDER).seed, FOLDER), case) for case in JobShop().cases("test", 0)
    ]
    assert len(result) == 45
    assert np.mean([r.score for r in result]) == pytest.approx(
        read_task(FOLDER).spec.reference["first in, first out"], abs=5e-5
    )


def test_both_paths_give_the_same_result_and_rules_cannot_alter_the_shop() -> None:
    vandal = Program(
        {
            "rule.py": f"def priority(*features):\n    {', '.join(NAMES)} = features\n    scores = waited - delay\n"
            "    for feature in features:\n        feature[:] = 0\n    return scores\n"
        }
    )
    case = JobShop().cases("train", 0)[2]
    results = [
        JobShop().evaluate(InProcess(candidate, FOLDER, strict=strict), case)
        for candidate in (vandal, read_task(FOLDER).seed)
        for strict in (False, True)
    ]
    assert all(result == results[0] for result in results)


def test_features_describe_the_rivals() -> None:
    machines = np.array([[0, 1], [0, 1], [1, 0]])
    durations = np.array([[4, 6], [5, 7], [9, 8]])
    seen: list[list[list[float]]] = []

    def first_come(*features: NDArray[np.float64]) -> NDArray[np.float64]:
        seen.append([feature.tolist() for feature in features])
        return features[2] - features[1]

    starts = dispatch(first_come, machines, durations)
    assert starts.tolist() == [[0, 9], [4, 15], [0, 9]]
    assert dict(zip(NAMES, seen[0], strict=True)) == {
        "duration": [4, 5],
        "delay": [0, 0],
        "waited": [0, 0],
        "work_left": [10, 12],
        "ops_left": [2, 2],
        "next_duration": [6, 7],
        "next_wait": [0, 0],
    }


def test_a_rule_is_asked_only_where_there_is_a_choice() -> None:
    asked: list[int] = []

    def watch(*features: NDArray[np.float64]) -> NDArray[np.float64]:
        asked.append(len(features[0]))
        return -features[1]

    dispatch(watch, *published()["la01"])
    assert asked
    assert min(asked) > 1


@pytest.mark.parametrize(
    "answer",
    ["1.0", "list(delay)", "delay[1:]", "delay[:, None]", "delay * np.nan", "delay + np.inf", "delay + 0j", "None"],
)
def test_an_answer_that_is_no_priority_ends_the_evaluation(answer: str) -> None:
    with pytest.raises(ValueError, match="priority must return"):
        JobShop().evaluate(InProcess(program(answer), FOLDER), JobShop().cases("train", 0)[0])


def test_a_schedule_is_as_long_as_its_last_operation() -> None:
    assert makespan(np.array([[0, 4], [0, 4]]), TINY) == 6
    assert lower_bound(TINY) == 6


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ([[0, 3], [0, 4]], "machine 1 runs two"),
        ([[0, 4], [0, 3]], "job 1 starts operation 1 before"),
        ([[1, 4], [0, 4]], None),
        ([[2, 5], [0, 4]], "machine 0 runs two"),
        ([[-1, 4], [0, 4]], "outside"),
        ([[0, 4], [0, 2**63 - 1]], "outside"),
        ([[0, 4]], "shape"),
        ([[0.0, 4.0], [0.0, 4.0]], "float64"),
    ],
)
def test_a_claim_that_is_no_schedule_is_refused(claim: list[Any], reason: str | None) -> None:
    if reason is None:
        assert makespan(np.array(claim), TINY) == 6
        return
    with pytest.raises(InvalidClaim, match=reason):
        makespan(np.array(claim), TINY)


def test_random_active_schedules_are_valid_and_above_the_bound() -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        data = instance(rng, 6, 4)
        assert makespan(dispatch(lambda *f: rng.random(len(f[0])), *data), data) >= lower_bound(data)
