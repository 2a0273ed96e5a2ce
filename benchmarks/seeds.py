"""How many seeds a comparison needs: how often equal arms are called different, and what difference is found.

Run: python benchmarks/seeds.py [--times 2000] [--rows 6]
Paired differences are simulated, in units of their own deviation from seed to seed, and go through the sign flip and
Holm's correction for `rows` outcomes that share their seeds, half of each row's variance being common to all, as those
of one bench are. No program is run. Last result: see docs/results/verdicts.md.
"""

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ryumon.comparison.statistics import LEVEL, holm, sign_flip

Draw = Callable[[np.random.Generator, tuple[int, int]], NDArray[np.float64]]
SHAPES: dict[str, Draw] = {
    "normal": lambda rng, size: rng.normal(size=size),
    "skewed": lambda rng, size: rng.exponential(size=size) - 1,
    "sparse": lambda rng, size: rng.normal(size=size) * (rng.random(size) < 0.3) / 0.3**0.5,
}
SEEDS = (6, 8, 10, 12, 14)
EFFECTS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5)
ENOUGH = 0.8


def found(
    draw: Draw, seeds: int, rows: int, effect: float, times: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Returns how often any row is called different, and how often the first is, in `times` comparisons whose rows
    differ by `effect` deviations."""
    any_, first = 0, 0
    for _ in range(times):
        shared = draw(rng, (1, seeds))
        differences = effect + (shared + draw(rng, (rows, seeds))) / 2**0.5
        corrected = holm([sign_flip(list(row)) for row in differences])
        any_ += min(corrected) <= LEVEL
        first += corrected[0] <= LEVEL
    return any_ / times, first / times


def main() -> None:
    """Prints a table of errors, then one of the differences found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=6)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    print(f"equal arms, {asked.rows} rows: share of comparisons with any verdict but no evidence")
    for shape, draw in SHAPES.items():
        shares = [found(draw, seeds, asked.rows, 0.0, asked.times, rng)[0] for seeds in SEEDS]
        print(shape, *(f"{seeds} seeds {100 * share:.1f} %" for seeds, share in zip(SEEDS, shares, strict=True)))
    print(
        f"normal differences in every row: share in which the first is found, and the least found {ENOUGH:.0%} of times"
    )
    for seeds in SEEDS:
        powers = [found(SHAPES["normal"], seeds, asked.rows, effect, asked.times // 4, rng)[1] for effect in EFFECTS]
        least = next((effect for effect, power in zip(EFFECTS, powers, strict=True) if power >= ENOUGH), None)
        shown = (f"{effect}: {100 * power:.0f} %" for effect, power in zip(EFFECTS, powers, strict=True))
        print(f"{seeds} seeds", *shown, f"least {least}", sep="  ")


if __name__ == "__main__":
    main()
