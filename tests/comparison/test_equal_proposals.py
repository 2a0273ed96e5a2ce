"""The comparison with other systems at equal proposals: one judge, one proposer, and a file to go on from."""

import argparse
import asyncio
import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import numpy as np
import pytest
from benchmarks.peers.arms import Arm
from benchmarks.peers.search import __main__ as command
from benchmarks.peers.search import evaluate, ryumon_arms
from benchmarks.peers.search.judge import Best, Judge, fitness, serving
from benchmarks.peers.search.outcomes import Equal, Outcome, Results
from benchmarks.peers.search.stateless import child, draw, endpoint, messages
from benchmarks.peers.search.table import differences, on_test
from benchmarks.peers.search.tasks import marked, taken
from benchmarks.references.figures import task_of

from ryumon import supervisor
from ryumon.program import Program
from ryumon.sandbox import Tier
from ryumon.task import TaskFolder, read_task
from ryumon.tasks.suite import every_family
from ryumon.testing.inprocess import InProcess

FAMILY = next(family for family in every_family() if family.name == "knapsack")
OUTCOME = Outcome(
    task="knapsack",
    arm="ryumon",
    seed=0,
    proposals=5,
    version="1",
    evaluated=5,
    scored=4,
    seed_train=0.5,
    seed_test=0.5,
    train=0.75,
    test=0.6,
    champion="x = 1\n",
    seconds=1.0,
)


@pytest.fixture(scope="module")
def task() -> TaskFolder:
    """Gives a cheap task, its seed marked."""
    return marked(read_task(FAMILY.folder))


@pytest.fixture(scope="module")
def tier() -> Tier:
    """Gives the tier of this machine."""
    return supervisor.admitted_tier()


def directly(program: Program, seed: int) -> float:
    """Returns the mean train score of a program, with no sandbox, socket or judge."""
    candidate, known = InProcess(program, FAMILY.folder), task_of(FAMILY)
    return float(np.mean([known.evaluate(candidate, case).score for case in known.cases("train", seed)]))


def test_a_peer_gets_exactly_the_train_score(
    task: TaskFolder, tier: Tier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = task.seed.with_file("rule.py", task.seed.files["rule.py"].replace("profit * 1.0", "profit / share"))
    broken = task.seed.with_file("rule.py", "def priority(:\n")
    monkeypatch.setenv("JUDGE", str(tmp_path / "judge"))
    places = []
    for number, program in enumerate((task.seed, changed, broken)):
        places.append(tmp_path / f"{number}.py")
        places[-1].write_text(program.files["rule.py"])

    async def told() -> tuple[list[float | None], Best]:
        judge = Judge(task, 3, tier)
        best = Best(task.spec.direction, task.seed, directly(task.seed, 3))
        try:
            async with serving(judge, tmp_path / "judge", best):
                return [await asyncio.to_thread(evaluate.judged, str(place)) for place in places], best
        finally:
            judge.close()

    found, best = asyncio.run(told())
    scores = [directly(task.seed, 3), directly(changed, 3)]
    assert scores[0] < scores[1]
    assert found == [*scores, None]
    assert (best.program, best.score, best.evaluated, best.scored) == (changed, scores[1], 3, 2)
    assert best.cpu_s > 0


def test_each_peer_is_told_of_a_failure_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "judged", lambda path: None)
    evaluate.main("any.py", str(tmp_path))
    assert json.loads((tmp_path / "correct.json").read_text())["correct"] is False
    assert json.loads((tmp_path / "metrics.json").read_text())["combined_score"] == 0
    assert evaluate.evaluate("any.py") == {"combined_score": 0}


def test_less_is_better_is_turned_round_without_a_change_of_order() -> None:
    scores = [30.0, 0.2, 0.0, -0.4, -1.0, -2.9]
    told = [fitness("minimize", score) for score in scores]
    assert told[0] > 0
    assert told == sorted(told)
    assert len(set(told)) == len(told)


def test_in_process_and_over_loopback_a_request_has_one_answer(task: TaskFolder) -> None:
    parent, shown = task.seed.files["rule.py"], ["def other(a):\n    return a * 31 + 1\n"]
    request = {"messages": [{"role": turn.role, "content": turn.text} for turn in messages(parent, shown)], "seed": 99}
    here = [child(parent, shown, draw(7, number), "numpy-elementwise") for number in range(4)]
    with endpoint(7, 4, "numpy-elementwise") as asked:
        address = urlsplit(asked.base)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
        there, statuses = [], []
        for _ in range(5):
            connection.request("POST", f"{address.path}/chat/completions", json.dumps(request))
            answer = connection.getresponse()
            statuses.append(answer.status)
            there.append(answer.read().decode())
        connection.close()
    assert statuses == [200, 200, 200, 200, 429]
    assert len({made[0] for made in here if made is not None}) > 1
    for made, text in zip(here, there, strict=False):
        assert made is not None
        assert f"```python\n{made[0]}```" in json.loads(text)["choices"][0]["message"]["content"]


def test_an_arm_of_ryumons_stops_by_its_proposals_duplicates_among_them(
    task: TaskFolder, tier: Tier, tmp_path: Path
) -> None:
    best = asyncio.run(ryumon_arms.searched(task, "best-of-n", 0, 40, tmp_path, tier))
    assert 20 < best.evaluated < 40  # the proposer knows of no earlier request, so that some come again
    assert best.score == directly(best.program, 0)


def test_at_equal_evaluations_what_echoes_is_proposed_beyond_their_number(
    task: TaskFolder, tier: Tier, tmp_path: Path
) -> None:
    def best(equal: Equal, place: str) -> Best:
        (tmp_path / place).mkdir()
        return asyncio.run(ryumon_arms.searched(task, "ryumon", 0, 30, tmp_path / place, tier, equal))

    proposals, evaluations = best("proposals", "a"), best("evaluations", "b")
    assert proposals.evaluated <= 30 < evaluations.evaluated  # echoes are run, on a probe
    assert proposals.scored < evaluations.scored <= 30
    assert 0 < proposals.cpu_s < evaluations.cpu_s


def test_an_interrupted_comparison_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "results.jsonl"
    ran: list[str] = []

    async def search(task: str, arm: Arm, seed: int, proposals: int, equal: Equal, tier: Tier, place: Path) -> Outcome:
        if len(ran) == 3:
            ran.append("interrupted")
            raise KeyboardInterrupt
        ran.append(f"{arm.name} {seed}")
        return msgspec.structs.replace(OUTCOME, task=task, arm=arm.name, seed=seed, proposals=proposals)

    monkeypatch.setattr(command, "search", search)
    asked = argparse.Namespace(
        arms="ryumon,mutate", seeds="0-1", tasks="knapsack", proposals=5, equal="proposals", cache=tmp_path
    )
    with pytest.raises(KeyboardInterrupt):
        command.searched(asked, Results(kept), {})
    kept.write_bytes(kept.read_bytes() + b'{"task": "knapsack", "ar')
    command.searched(asked, Results(kept), {})
    assert ran == ["ryumon 0", "mutate 0", "ryumon 1", "interrupted", "mutate 1"]
    assert len(kept.read_text().splitlines()) == len(Results(kept).outcomes) == 4


def test_differences_are_paired_by_seed_and_in_gain() -> None:
    scores = {"ryumon": (0.7, 0.8, 0.6), "best-of-n": (0.6, 0.7, None), "mutate": (0.9, 0.9, 0.9)}
    outcomes = [
        msgspec.structs.replace(OUTCOME, arm=arm, seed=seed, test=score)
        for arm, of_arm in scores.items()
        for seed, score in enumerate(of_arm)
    ]
    rows = differences(outcomes, on_test).splitlines()[2:]
    assert [row.split(" | ")[:3] for row in rows] == [
        [f"| {name}", "best-of-n", "3"] for name in ("all tasks", "knapsack")
    ]
    whole = FAMILY.reference - FAMILY.seed
    assert all(f"| {0.1 / whole:+.3f} (" in row for row in rows)


def test_short_bin_packing_differs_from_the_shipped_task_in_its_train_cases_alone(tier: Tier, tmp_path: Path) -> None:
    async def scores(name: str) -> list[float | None]:
        judge = Judge(taken(name, tmp_path), 4, tier)
        try:
            found = await judge.evaluator.seed_score()
            return [result.score for result in found.results] + [await judge.score(judge.task.seed, "test", 5)]
        finally:
            judge.close()

    short, shipped = (asyncio.run(scores(name)) for name in ("bin-packing-1", "bin-packing"))
    assert short == [shipped[0], shipped[-1]]


def test_a_task_may_name_its_own_number_of_proposals() -> None:
    assert command.read_tasks("bandits,bin-packing=100", 500) == {"bandits": 500, "bin-packing": 100}
    assert (command.read_seeds("2-4"), command.read_seeds("1,5")) == ([2, 3, 4], [1, 5])
