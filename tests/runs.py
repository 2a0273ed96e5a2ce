"""Finished runs written straight into a store, with the scores and the texts that a test wants."""

from typing import Any

import msgspec

from ryumon.budget import Cost
from ryumon.program import Program
from ryumon.store import SqlStore
from ryumon.store.records import Evaluated, Finished, Read, Record, SearchEnded, Started, TestDrawn, encoded
from ryumon.task import derived_seed

STARTED = Started(
    version="1",
    task="made",
    folder="/nowhere",
    task_digest="d1" * 32,
    direction="minimize",
    unit="",
    exact=False,
    improver="mutate",
    options={},
    seed=0,
    lookahead=8,
    budget="4ev",
    tier="A",
    test_seed=7,
    files={},
)
SEED = Program({"a.py": "x = 0\n"})


def evaluated(index: int, program: Program, files: dict[str, str], score: float | None, **changes: Any) -> Evaluated:
    """Returns the event of one evaluation, which took one CPU second."""
    usual: dict[str, Any] = {
        "index": index,
        "id": program.id,
        "files": files,
        "size": program.size,
        "parents": (SEED.id,) if index >= 0 else (),
        "operator": "number" if index >= 0 else "seed",
        "status": "ok" if score is not None else "error",
        "score": score,
        "cases": (),
        "reason": "",
        "log": "",
        "twin": None,
        "barred": (),
        "form": b"",
        "behaviours": (),
        "driven": False,
        "confirmed": {},
        "evidence": "",
        "cost": Cost(evaluations=int(index >= 0), cpu_s=1.0),
        "tier": "A",
        "elapsed": float(index + 1),
    }
    return Evaluated(**{**usual, **changes})


def made_run(
    store: SqlStore,
    name: str,
    scores: list[float | None],
    test: float | None = 1.0,
    *,
    programs: list[Program] | None = None,
    changes: dict[str, Any] | None = None,
    finished: bool = True,
    reason: str = "evaluations",
    **settings: Any,
) -> None:
    """Writes a run whose first score is the seed's, one evaluation for each other; the champion's test score is given,
    None where it failed there. `changes` are made to every evaluation but the seed's."""
    started = msgspec.structs.replace(STARTED, **settings)
    sign = 1 if started.direction == "minimize" else -1
    made = programs or [Program({"a.py": f"x = {place}\n"}) for place in range(len(scores))]
    with store.writer(name, new=True) as writer:

        def append(record: Record) -> None:
            writer.append(*encoded(record))

        append(msgspec.structs.replace(started, files=writer.program(made[0])))
        for place, (program, score) in enumerate(zip(made, scores, strict=True)):
            more = {} if place == 0 else {"parents": (made[0].id,), **(changes or {})}
            append(evaluated(place - 1, program, writer.program(program), score, **more))
        append(SearchEnded(reason, 9.0))
        if not finished:
            return
        best = min((sign * score, place) for place, score in enumerate(scores) if score is not None)[1]
        append(_read("validation", derived_seed(started.seed, "validation"), made[best], scores[best]))
        test_seed = started.test_seed if started.test_seed is not None else 99
        append(TestDrawn(test_seed))
        append(_read("test", test_seed, made[best], test))
        if best:
            append(_read("test", test_seed, made[0], scores[0]))
        ci95 = None if test is None else (-1.0, 1.0)
        append(
            Finished(champion=made[best].id, verdict="no evidence", difference=0.0, ci95=ci95, elapsed=10.0, cpu_s=5.0)
        )


def _read(split: Any, seed: int, program: Program, score: float | None) -> Read:
    return Read(
        split=split,
        seed=seed,
        id=program.id,
        status="ok" if score is not None else "error",
        scores=(score,) if score is not None else (),
        reason="",
        cost=Cost(),
        elapsed=9.5,
    )
