"""Makes a long run without running it: every event as a run would have stored it, its scores drawn.

The store, the chain, the records and the improver are the product's own; only evaluations are made up. Programs descend
from members of `mutate`'s islands by one number or several changed, 69 % score, 20 % are twins, 11 % fail, one in 2,000
bars its parent; `mutate` is told of all of them and its state is kept as often as in a run.
"""

import re
from collections import deque
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from ryumon import __version__
from ryumon.budget import Cost
from ryumon.improvers.base import Brief
from ryumon.improvers.host import Forms
from ryumon.improvers.lasting import SNAPSHOT_EVERY, next_snapshot
from ryumon.improvers.mutate import Mutate
from ryumon.program import Program
from ryumon.score import CaseResult, Evaluation, Status
from ryumon.store import SqlStore
from ryumon.store.base import Writer
from ryumon.store.records import Evaluated, Record, Snapshot, Started, encoded
from ryumon.supervisor import task_digest
from ryumon.task import TaskFolder, read_task

RUN = "made"
LOOKAHEAD = 8
FLUSH_EVERY = 2_000
TOML = 'name = "made"\ndirection = "minimize"\neditable = ["f.py"]\nvocabulary = "arithmetic"\n'
SEED = """def f(x):
    a = x * 0.5
    b = a + 1.0
    c = a * b - 0.25
    if c > 2.0:
        c = c / 3.0
    d = (a + b) * 0.125 + c * 4.0
    return a * b + d * 0.0625
"""
TASK = """
from ryumon import Case, Result, Task
from ryumon.evaluation.claims import number


class Made(Task):
    def cases(self, split, seed):
        return [Case(f"{split}-{k}", 0.5 + k) for k in range(4)]

    def evaluate(self, program, case):
        value = abs(number(program.call("f.py:f", case.data)) - 0.7390851332151607)
        return Result(score=value, feedback=f"off by {value:.6g} of the fixed point")
"""
_NUMBER = re.compile(r"(?<![a-z])\d+\.?\d*")


def write_task(folder: Path) -> TaskFolder:
    """Writes the task that the run is of."""
    (folder / "seed").mkdir(parents=True)
    (folder / "task.toml").write_text(TOML)
    (folder / "task.py").write_text(TASK)
    (folder / "seed" / "f.py").write_text(SEED)
    return read_task(folder)


def make(store: SqlStore, task: TaskFolder, count: int, tier: str, seed: int = 0) -> None:
    """Stores a run of `count` evaluations that was killed as it reached its budget."""
    with store.writer(RUN, new=True) as writer:
        _Maker(writer, task, tier, Random(seed)).make(count)


class _Maker:
    def __init__(self, writer: Writer, task: TaskFolder, tier: str, rng: Random) -> None:
        self._writer, self._task, self._tier, self._rng = writer, task, tier, rng
        brief = Brief(
            task="made", direction="minimize", text="", language="python", editable=("f.py",),
            vocabulary="arithmetic", seed=task.seed,
        )  # fmt: skip
        self._improver = Mutate(brief, Forms("python"))
        self._untold: deque[Evaluation] = deque()
        self._told, self._due, self._best = 0, SNAPSHOT_EVERY, 1e9

    def make(self, count: int) -> None:
        self._append(
            Started(
                version=__version__, task="made", folder=str(self._task.path), task_digest=task_digest(self._task),
                direction="minimize", unit="", exact=False, improver="mutate", options={}, seed=0, lookahead=LOOKAHEAD,
                budget=f"{count}ev", tier=self._tier, test_seed=7, files=self._writer.program(self._task.seed),
            )
        )  # fmt: skip
        self._improver.tell(self._stored(-1, self._task.seed, (), "ok", 2.0, None))
        for index in range(count):
            self._untold.append(self._one(index))
            if len(self._untold) > LOOKAHEAD:
                self._tell(self._untold.popleft())
            if index % FLUSH_EVERY == 0:
                self._writer.flush()

    def _tell(self, evaluation: Evaluation) -> None:
        self._improver.tell(evaluation)
        self._told += 1
        if self._told >= self._due:
            state = msgspec.msgpack.encode(self._improver.export())
            self._append(Snapshot(self._told, __version__, state))
            self._due = next_snapshot(self._told, len(state))

    def _one(self, index: int) -> Evaluation:
        members = self._improver.islands.of(index).members
        parent = members[int(self._rng.random() ** 2 * len(members))]
        numbers = list(_NUMBER.finditer(parent.program.files["f.py"]))
        text = parent.program.files["f.py"]
        for place in sorted(self._rng.sample(range(len(numbers)), self._rng.randint(1, 3)), reverse=True):
            start, end = numbers[place].span()
            text = f"{text[:start]}{abs(self._rng.gauss(2, 4)):.9g}{text[end:]}"
        chance = self._rng.random()
        status: Status = "ok" if chance < 0.69 else "twin" if chance < 0.89 else "error"
        step = self._rng.expovariate(100) * (-0.02 if self._rng.random() < 0.05 else 1.0)
        score = max(0.0, parent.score + step) if status == "ok" else None
        barred = (
            (parent.entry.id,) if status == "error" and self._rng.random() < 0.005 and parent.entry.index >= 0 else ()
        )
        return self._stored(
            index, Program({"f.py": text}), (parent.entry.id,), status, score,
            parent.behaviour if status == "twin" else None, barred,
        )  # fmt: skip

    def _stored(
        self, index: int, program: Program, parents: tuple[str, ...], status: Status, score: float | None,
        twin: str | None, barred: tuple[str, ...] = (),
    ) -> Evaluation:  # fmt: skip
        best = score is not None and score < self._best
        self._best = score if best and score is not None else self._best
        ran = status != "error"
        values = [(score or 1.0) + self._rng.gauss(0, 0.1) for _ in range(4)] if ran else []
        cases = tuple(
            CaseResult(f"train-{k}", v, {}, f"off by {v:.6g} of the fixed point") for k, v in enumerate(values)
        )
        confirmed: dict[str, Status] = {program.id: "ok"} if best else {}
        confirmed.update((id, "cheating") for id in barred)
        told: dict[str, Any] = {
            "index": index, "parents": parents, "operator": "seed" if index < 0 else "number", "status": status,
            "score": score, "cases": cases, "twin": twin, "barred": barred,
            "reason": "" if ran else "ZeroDivisionError: float division by zero (f.py:7)", "log": "",
        }  # fmt: skip
        self._append(
            Evaluated(
                id=program.id, files=self._writer.program(program), size=program.size, driven=False,
                form=blake2b(program.files["f.py"].encode(), digest_size=16).digest(), confirmed=confirmed, evidence="",
                behaviours=tuple(self._rng.randbytes(16) for _ in cases), tier=self._tier,
                cost=Cost(evaluations=int(index >= 0), cases=4, cpu_s=0.00313), elapsed=0.004 * (index + 2), **told,
            )
        )  # fmt: skip
        return Evaluation(program=program, **told)

    def _append(self, record: Record) -> None:
        self._writer.append(*encoded(record))
