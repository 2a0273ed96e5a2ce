"""Runs put through faults of every kind, in random order and at random events, each against an undisturbed one."""

import time
from collections import Counter
from itertools import count, zip_longest
from pathlib import Path

import numpy as np

from ryumon.store import SqlStore
from tests.faults.campaign import RUN, STOPS, Outcome, disturbed, ryumon, told, undisturbed
from tests.faults.kinds import KINDS
from tests.faults.tasks import write_pausing_task

A_RUN = 8  # faults in one run
SEEDS = 4
STOP_S = 1.0


def soak(folder: Path, wanted: int, seed: int) -> list[str]:
    """Runs until at least `wanted` faults came about; prints a table, and returns what went wrong."""
    rng = np.random.default_rng(seed)
    task = write_pausing_task(folder / "task")
    seeds = [str(n) for n in rng.integers(0, 1000, SEEDS)]
    plain = [str(task), "--budget", "40ev", "--test-seed", "7", "--workers", "2", "--seed"]
    expected = {s: undisturbed(folder / f"undisturbed-{s}", [*plain, s]) for s in seeds}
    faults: Counter[str] = Counter()
    slowest: dict[str, float] = {}
    complaints: list[str] = []
    sessions, lost, began = 0, 0.0, time.monotonic()
    order: list[str] = []
    for number in count():
        if sum(faults.values()) >= wanted or complaints:
            break
        while len(order) < A_RUN:
            order += [str(kind) for kind in rng.permutation(list(KINDS))]
        kinds, order = order[:A_RUN], order[A_RUN:]
        s = seeds[number % SEEDS]
        place = folder / f"run-{number}"
        outcome = _run(place, [*plain, s], kinds, rng, expected[s], complaints)
        faults += outcome.faults
        sessions, lost = sessions + outcome.sessions, max(lost, outcome.lost_s)
        for kind, seconds in outcome.gone_s.items():
            slowest[kind] = max(slowest.get(kind, 0.0), seconds)
    print(f"\n{sum(faults.values())} faults in {number} runs, {sessions} sessions, {time.monotonic() - began:.0f} s")
    print("\n| fault | times | slowest until no process was left, s |\n|---|---|---|")
    for kind in KINDS:
        print(f"| {kind} | {faults[kind]} | {f'{slowest[kind]:.3f}' if kind in slowest else 'went on'} |")
    print(f"\nThe oldest event that a kill lost was {lost * 1000:.0f} ms old.", flush=True)
    late = [kind for kind in STOPS if slowest.get(kind, 0.0) > STOP_S]
    return complaints + [f"{kind}: {slowest[kind]:.3f} s until no process was left" for kind in late]


def _run(
    place: Path, arguments: list[str], kinds: list[str], rng: np.random.Generator, expected: list[str], bad: list[str]
) -> Outcome:
    """Puts one run through `kinds`; adds to `bad` what it got wrong."""
    said: list[str] = []
    try:
        outcome = disturbed(place, arguments, kinds, rng, said.append)
    except (AssertionError, TimeoutError) as error:
        bad.append(f"{place.name}, {kinds}: {error}\n" + "\n".join(said))
        return Outcome(Counter(), len(said), {}, 0.0)
    found = told(SqlStore(place), RUN)
    if found != expected:
        first = next((pair for pair in zip_longest(found, expected) if pair[0] != pair[1]), None)
        bad.append(f"{place.name}, {kinds}: another archive: {first}\n" + "\n".join(said))
    audited = ryumon("audit", RUN, "--store", str(place))
    if audited.returncode:
        bad.append(f"{place.name}, {kinds}: {audited.stderr}")
    print(f"{place.name}: {outcome.sessions} sessions, {', '.join(kinds)}", flush=True)
    return outcome
