"""Online bin packing: instances, the check of a claimed packing, and what the driver shows a policy."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ryumon.evaluation.claims import InvalidClaim
from ryumon.program import Program
from ryumon.task import read_task
from ryumon.tasks.bin_packing import task as module
from ryumon.tasks.bin_packing.drivers import pack_online
from ryumon.tasks.bin_packing.task import BinPacking, bin_loads, lower_bound
from ryumon.testing.inprocess import InProcess

FOLDER = Path(module.__file__).parent
SMALL = np.array([60, 50, 40, 50], np.int64)


def program(body: str) -> Program:
    return Program({"policy.py": f"import numpy as np\ndef priority(item, bins):\n    {body}\n"})


def best_fit(item: int, bins: NDArray[np.int64]) -> NDArray[np.int64]:
    return item - bins


def test_the_task_reads_and_its_stages_cover_the_train_cases() -> None:
    spec = read_task(FOLDER).spec
    assert spec.name == "bin-packing"
    assert sum(stage.cases for stage in spec.stages) == len(BinPacking().cases("train", 0))


def test_cases_are_the_same_for_a_seed_and_disjoint_between_splits_and_seeds() -> None:
    task = BinPacking()
    everything = [
        c.data.tobytes() for seed in (0, 1) for s in ("train", "validation", "test") for c in task.cases(s, seed)
    ]
    assert len(set(everything)) == len(everything) == 2 * 31
    again = [case.data.tobytes() for case in task.cases("train", 0)]
    assert again == everything[:3]


def test_the_probe_is_the_beginning_of_what_a_policy_packs_first() -> None:
    """So a policy whose whole packing is another's is always its echo, and costs a twentieth of an instance."""
    task = BinPacking()
    (probe,), first = task.probe(5), task.cases("train", 5)[0]
    assert len(probe.data) * 20 == len(first.data)
    whole, begun = (pack_online(lambda item, bins: -(bins - item), case.data, 100) for case in (first, probe))
    assert whole[: len(begun)].tolist() == begun.tolist()


def test_sizes_follow_the_clipped_weibull_distribution() -> None:
    items = np.concatenate([case.data for case in BinPacking().cases("test", 3)])
    assert items.dtype == np.int64
    assert items.min() >= 1
    assert items.max() <= 100
    assert items.mean() == pytest.approx(45 * 0.89298, rel=0.01)
    assert np.median(items) == pytest.approx(45 * np.log(2) ** (1 / 3), abs=1)


def test_best_fit_has_the_known_excess() -> None:
    scores = []
    for case in BinPacking().cases("test", 0)[:5]:
        result = BinPacking().evaluate(InProcess(read_task(FOLDER).seed, FOLDER), case)
        scores.append(result.score)
    assert np.mean(scores) == pytest.approx(0.0413, abs=0.003)


def test_both_paths_give_the_same_result_and_policies_cannot_alter_the_bins() -> None:
    case = BinPacking().cases("train", 0)[0]
    vandal = program("scores = -(bins - item) * 1.0; bins[:] = 100; return scores")
    results = [
        BinPacking().evaluate(InProcess(candidate, FOLDER, strict=strict), case)
        for candidate in (vandal, read_task(FOLDER).seed)
        for strict in (False, True)
    ]
    assert len({result.score for result in results}) == 1
    assert len({result.feedback for result in results}) == 1


def test_the_policy_sees_bins_that_fit_in_opening_order_an_empty_one_last() -> None:
    seen: list[tuple[int, list[int]]] = []

    def first_fit(item: int, bins: NDArray[np.int64]) -> NDArray[np.float64]:
        seen.append((item, bins.tolist()))
        return np.zeros(len(bins))

    assert pack_online(first_fit, np.array([60, 50, 45, 40, 5]), 100).tolist() == [0, 1, 1, 0, 1]
    assert seen == [(60, [100]), (50, [100]), (45, [50, 100]), (40, [40, 100]), (5, [5, 100])]


def test_what_the_policy_sees_does_not_depend_on_items_to_come() -> None:
    views: list[list[Any]] = [[], []]
    items = BinPacking().cases("train", 5)[0].data[:600]
    for view, stream in zip(views, (items, np.concatenate([items[:300], np.full(300, 7)])), strict=True):

        def watch(item: int, bins: NDArray[np.int64], view: list[Any] = view) -> NDArray[np.int64]:
            view.append((item, bins.tolist()))
            return best_fit(item, bins)

        pack_online(watch, stream, 100)
    assert views[0][:300] == views[1][:300]


def test_the_driver_agrees_with_a_plain_reference() -> None:
    items = BinPacking().cases("train", 1)[0].data[:800]
    rooms: list[int] = []
    expected = []
    for item in items.tolist():
        rooms.append(100)
        place = min((room - item, index) for index, room in enumerate(rooms) if room >= item)[1]
        rooms[place] -= item
        if place < len(rooms) - 1:
            rooms.pop()
        expected.append(place)
    assert pack_online(best_fit, items, 100).tolist() == expected


@pytest.mark.parametrize(
    "body",
    [
        "return 1.0",
        "return list(bins)",
        "return np.zeros(len(bins) + 1)",
        "return np.zeros((len(bins), 1))",
        "return np.full(len(bins), np.nan)",
        "return np.full(len(bins), np.inf)",
        "return bins.astype(complex)",
        "return bins.astype(object)",
        "return bins.astype(str)",
        "return None",
    ],
)
def test_an_answer_that_is_no_priority_ends_the_evaluation(body: str) -> None:
    with pytest.raises(ValueError, match="priority must return"):
        BinPacking().evaluate(InProcess(program(body), FOLDER), BinPacking().cases("train", 0)[0])


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ([0, 1, 0, 0], "above its capacity"),
        ([0, 2, 0, 2], "not opened in order"),
        ([1, 0, 1, 0], "not opened in order"),
        ([-1, 0, 1, 2], "not opened in order"),
        ([0, 1, 0], "shape"),
        ([0.0, 1.0, 0.0, 1.0], "float64"),
        ([False, True, False, True], "bool"),
        ([0, 2**62, 0, 1], "not opened in order"),
    ],
)
def test_a_claim_that_is_no_packing_is_refused(claim: list[Any], reason: str) -> None:
    with pytest.raises(InvalidClaim, match=reason):
        bin_loads(np.array(claim), SMALL)


def test_the_score_is_recomputed_from_the_claimed_packing() -> None:
    assert bin_loads(np.array([0, 1, 0, 1]), SMALL).tolist() == [100, 100]
    assert lower_bound(SMALL) == 2
