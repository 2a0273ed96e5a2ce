"""How often a noisy search on equal programs ends in a false verdict, and what races save against fixed repeats.

Run: python benchmarks/noise.py [--runs 2000] [--programs 200] [--repeats 8]
Simulated scores through the very races and verdict that runs use; no sandbox. Results: docs/results/verdicts.md.
"""

import argparse
import asyncio
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation.evaluator import Evaluator, Measured
from ryumon.evaluation.noise import rounds, units
from ryumon.evaluation.races import Incumbent, Races, survivors
from ryumon.program import Program
from ryumon.score import CaseResult, Scores, Verdict, compare

CONTENDERS = 16
CASES = 6
Draw = Callable[[np.random.Generator, float], NDArray[np.float64]]
KINDS = {"seeds": True, "clock": False}  # does each repeat draw cases of its own?


class Simulated(Evaluator):
    """Scores of programs on splits and repeats: a worth, the case, and luck. Counts what is measured."""

    def __init__(self, worth: Sequence[float], kind: str, repeats: int, rng: np.random.Generator) -> None:
        self._worth, self._redrawn, self._repeats, self._rng = worth, KINDS[kind], repeats, rng
        self._cases: dict[str, NDArray[np.float64]] = {}
        self.measured = 0

    def scores(self, program: int, split: str, numbers: range) -> Scores:
        """Returns the scores of a program on some repeats of a split, by case."""
        if split not in self._cases:
            drawn = self._rng.normal(0, 3, (self._repeats, CASES))
            self._cases[split] = drawn if self._redrawn else np.tile(drawn[:1], (self._repeats, 1))
        self.measured += len(numbers)
        luck = self._rng.normal(0, 1, (len(numbers), CASES))
        scores: list[list[float]] = (self._worth[program] + self._cases[split][list(numbers)] + luck).tolist()
        return scores

    async def repeats(self, program: Program, numbers: range, *, strict: bool) -> Measured:
        """Returns what `Races` asks for."""
        rows = self.scores(int(program.files["p"]), "train", numbers)
        return Measured(status="ok", repeats=tuple(tuple(row) for row in rows))


class Found(msgspec.Struct, frozen=True):
    """One simulated run: its verdict, its champion's true gain, and the gain that the search saw."""

    verdict: Verdict
    gain: float
    seen: float
    measured: int


def run(worth: Sequence[float], kind: str, repeats: int, seed: int, *, fixed: bool) -> Found:
    """Searches over programs 1, 2, ... (0 is the seed), by races or with `repeats` measurements of every one."""
    rng = np.random.default_rng(seed)
    world = Simulated(worth, kind, repeats, rng)
    first = world.scores(0, "train", range(repeats))
    start = float(np.mean(first if fixed else first[:1] if KINDS[kind] else first[1:]))
    races = Races(world, "minimize")
    races._incumbent = Incumbent(start, first[1:])
    best, scores, bests = start, {0: start}, [0]
    for program in range(1, len(worth)):
        row = world.scores(program, "train", range(repeats if fixed else 1))
        score = float(np.mean(row))
        if not fixed and score < best:
            results = tuple(CaseResult("", value) for value in row[0])
            known = Measured(status="ok", results=results, behaviours=(b"",) * CASES)
            raced = asyncio.run(races.challenge(Program({"p": str(program)}), known))
            score = float(raced.raced if raced.raced is not None else score)
            if score < best:
                races._incumbent = Incumbent(score, raced.repeats)
        scores[program] = score
        if score < best:
            best = score
            bests.append(program)
    top = sorted(scores, key=scores.__getitem__)[:CONTENDERS]
    champion = _champion(world, [str(program) for program in dict.fromkeys(top + bests)], repeats, fixed=fixed)
    measured = world.measured
    ours, base = (world.scores(program, "test", range(repeats)) for program in (champion, 0))
    mine, other = (units(part, redrawn=KINDS[kind]) for part in (ours, base))
    verdict = "no evidence" if champion == 0 else compare("minimize", mine, other, seed, resamples=1000).verdict
    return Found(verdict, worth[champion] - worth[0], scores[champion] - start, measured)


def _champion(world: Simulated, order: list[str], repeats: int, *, fixed: bool) -> int:
    scores: dict[str, list[Sequence[float]]] = {name: [] for name in order}
    for part in [range(repeats)] if fixed else rounds(repeats):
        if part.start:
            order = survivors("minimize", scores, order)
        for name in order:
            scores[name].extend(world.scores(int(name), "validation", part))
    return int(min(order, key=lambda name: float(np.mean(scores[name]))))


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=8)
    options = parser.parse_args()
    print("equal programs: share of verdicts, and the gain that the search saw (luck has deviation 1 a case)")
    for kind in KINDS:
        found = [
            run([0.0] * options.programs, kind, options.repeats, seed, fixed=False) for seed in range(options.runs)
        ]
        shares = {name: np.mean([one.verdict == name for one in found]) for name in ("improved", "regressed")}
        error = (0.05 * 0.95 / options.runs) ** 0.5
        print(
            f"  {kind:6} improved {shares['improved']:.2%}  regressed {shares['regressed']:.2%}  "
            f"(nominal 5 % in all, binomial error {error:.2%})  gain seen {np.mean([one.seen for one in found]):+.3f}"
        )
    print(
        "programs of worth N(0.5, 0.5), lower is better: races, a fixed number of repeats, and that at the races' cost"
    )
    for kind in KINDS:
        races = _row(kind, "races", options, options.programs, fixed=False)
        fixed = _row(kind, "fixed", options, options.programs, fixed=True)
        _row(kind, "fixed", options, round(options.programs * races / fixed), fixed=True)


def _row(kind: str, name: str, options: argparse.Namespace, programs: int, *, fixed: bool) -> float:
    """Prints what runs over `programs` come to, and returns what they measured on average."""
    found = []
    for seed in range(options.runs // 4):
        worth = [0.0, *np.random.default_rng(seed + 10**6).normal(0.5, 0.5, programs).tolist()]
        found.append(run(worth, kind, options.repeats, seed, fixed=fixed))
    measured = float(np.mean([one.measured for one in found]))
    gain, seen = (np.mean([getattr(one, name) for one in found]) for name in ("gain", "seen"))
    print(
        f"  {kind:6} {name}  {programs:4d} programs  measured {measured:7.1f}  "
        f"true gain {gain:+.3f}  seen {seen:+.3f}  improved {np.mean([one.verdict == 'improved' for one in found]):.0%}"
    )
    return measured


if __name__ == "__main__":
    main()
