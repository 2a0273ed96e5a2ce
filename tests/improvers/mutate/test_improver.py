import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ryumon.errors import BadInput
from ryumon.improvers.controls import BestOfN, Random
from ryumon.improvers.mutate import Mutate
from ryumon.program import Program
from ryumon.score import Evaluation
from tests.improvers.corpus import ARRAYS, Memory, brief

BRIEF = brief(ARRAYS, "numpy-elementwise")
ROOT = Path(__file__).parents[3]


def search(count: int, made=Mutate, **options: object):  # type: ignore[no-untyped-def]
    """Runs `count` asks against a made-up score, the length of the text; returns the improver and its programs."""
    memory = Memory(BRIEF.seed)
    improver = made(BRIEF, memory, **options)
    improver.tell(Evaluation(index=-1, program=BRIEF.seed, status="ok", score=float(BRIEF.seed.size)))
    programs: list[Program] = []
    for i in range(count):
        proposal = improver.ask(i, np.random.default_rng([7, i]))
        program = proposal.program
        if program is None:
            improver.tell(Evaluation(index=i, program=None, status="no_program"))
            continue
        memory.add(program)
        programs.append(program)
        told = {"program": program, "parents": proposal.parents, "operator": proposal.operator, "index": i}
        if i % 5 == 0:
            improver.tell(Evaluation(**told, status="error"))
        else:
            improver.tell(Evaluation(**told, status="ok", score=float(program.size)))
    return improver, programs


def digest(count: int = 60) -> str:
    """Returns the ids of a search's last programs, for comparison across processes."""
    return " ".join(program.id[:12] for program in search(count)[1][-10:])


def test_asking_twice_gives_the_same_and_changes_nothing() -> None:
    improver, _ = search(40)
    first = improver.ask(40, np.random.default_rng(1))
    improver.ask(41, np.random.default_rng(2))
    assert improver.ask(40, np.random.default_rng(1)) == first


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_a_search_is_the_same_in_every_process(hash_seed: str) -> None:
    code = "from tests.improvers.mutate.test_improver import digest; print(digest())"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    printed = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == digest()


def test_failed_programs_and_barred_ones_are_no_parents() -> None:
    improver, _ = search(80)
    held = {member.entry.id for population in improver.islands.populations for member in population.members}
    assert all(improver.archive[program_id].status == "ok" for program_id in held)
    barred = sorted(held)[0]
    improver.tell(Evaluation(index=80, program=None, status="no_program", barred=(barred,)))
    assert all(barred != member.entry.id for island in improver.islands.populations for member in island.members)


def test_islands_stay_within_their_bound() -> None:
    improver, _ = search(120, islands=2, capacity=5, opening=30)
    assert [len(population.members) for population in improver.islands.populations] == [5, 5]


def test_islands_open_one_after_the_other_and_begin_at_the_seed() -> None:
    improver, _ = search(100, islands=3, opening=100, capacity=5)
    first, second, third = improver.islands.populations
    assert len(first.members) == 5
    for waiting in (second, third):
        assert [member.program for member in waiting.members] == [BRIEF.seed]
    parents = {improver.ask(101, np.random.default_rng(draw)).parents for draw in range(20)}
    assert parents == {(BRIEF.seed.id,)}  # proposal 101 is of the second island


def test_a_share_of_children_begins_at_the_seed_again_until_all_islands_are_open() -> None:
    def from_seed(afresh: float, opening: int = 0) -> int:
        improver, _ = search(60, islands=1 if opening == 0 else 2, opening=opening, afresh=afresh)
        proposals = [improver.ask(60, np.random.default_rng(draw)) for draw in range(100)]
        return sum(proposal.parents == (BRIEF.seed.id,) for proposal in proposals)

    assert from_seed(0.0) == 0
    assert 30 < from_seed(0.5) < 70
    assert from_seed(1.0) == 100
    assert from_seed(1.0, opening=61) == 100
    assert from_seed(1.0, opening=30) < 60


def test_a_twin_never_becomes_the_best_and_is_sometimes_a_parent() -> None:
    improver, _ = search(10, islands=1, drift=1.0)
    best = improver.archive.best
    assert best is not None
    twin = Program({"main.py": "x = 1\n"})
    improver.tell(Evaluation(index=10, program=twin, status="twin", twin=best.id))
    assert improver.archive.best is best
    assert twin in [member.program for member in improver.islands.of(0).members]


def test_a_twin_is_not_admitted_without_drift() -> None:
    improver, _ = search(10, islands=1, drift=0.0)
    best = improver.archive.best
    assert best is not None
    twin = Program({"main.py": "x = 1\n"})
    improver.tell(Evaluation(index=10, program=twin, status="twin", twin=best.id))
    assert twin not in [member.program for member in improver.islands.of(0).members]


def test_operators_are_credited_by_name() -> None:
    improver, _ = search(60)
    assert sum(credit.told for credit in improver.credits.of.values()) >= 50
    assert all(credit.improved <= credit.ran <= credit.told for credit in improver.credits.of.values())


def test_search_goes_in_the_direction_of_the_score() -> None:
    improver, _ = search(150)
    assert improver.archive.best is not None
    assert improver.archive.best.score < BRIEF.seed.size


def test_best_of_n_edits_the_seed_whatever_it_is_told() -> None:
    improver, programs = search(30, BestOfN)
    assert len(programs) == len({program.id for program in programs})
    assert improver.ask(30, np.random.default_rng(0)).parents == (BRIEF.seed.id,)


def test_random_ignores_scores_and_draws_every_parent() -> None:
    improver, programs = search(40, Random)
    parents = {improver.ask(40, np.random.default_rng(draw)).parents[0] for draw in range(120)}
    assert len(parents) > 20
    assert parents <= {BRIEF.seed.id} | {program.id for program in programs}


@pytest.mark.parametrize("made", [Mutate, Random, BestOfN])
def test_an_option_that_there_is_not_is_refused(made) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadInput, match="wrong"):
        made(BRIEF, Memory(), wrong=1)


@pytest.mark.parametrize(
    "options",
    [
        {"population": "elites", "parents": "dgm"},
        {"population": "pareto", "parents": "lexicase"},
        {"age_gap": 20, "parents": "thompson"},
        {"novelty": 0.9, "population_options": {}},
    ],
)
def test_structures_and_rules_combine_and_leave_a_search_repeatable(options) -> None:  # type: ignore[no-untyped-def]
    (improver, programs), (_, again) = search(80, **options), search(80, **options)
    assert len(programs) > 60
    assert programs == again
    assert improver.archive.best is not None
    assert improver.archive.best.score < BRIEF.seed.size


def test_options_may_come_as_text_from_a_command_line() -> None:
    told = {"islands": "2", "parents": "power-law", "parents_options": '{"alpha": 2.0}', "drift": "0.5"}
    assert (
        search(3, **told)[0].settings
        == search(3, islands=2, parents="power-law", parents_options={"alpha": 2.0}, drift=0.5)[0].settings
    )


def test_a_feature_a_population_and_options_that_there_are_not_are_refused() -> None:
    with pytest.raises(BadInput, match="elites, pareto, ranked"):
        search(1, population="hoard")
    with pytest.raises(BadInput, match="feature 'speed'"):
        search(1, population="elites", population_options={"features": ["speed"]})
    with pytest.raises(BadInput, match="parent 'tournament': got an unexpected keyword argument 'alpha'"):
        search(1, parents_options={"alpha": 2})
    with pytest.raises(BadInput, match="population 'ranked': got an unexpected keyword argument 'cells'"):
        search(1, population_options={"cells": 9})
