"""Best-so-far curves as step functions of what was spent: evaluations, or CPU seconds. Pure."""

from collections.abc import Sequence

import msgspec
import numpy as np

from ryumon.comparison.statistics import Values
from ryumon.score import mean_interval

BAND_RESAMPLES = 1000


class Steps(msgspec.Struct, frozen=True):
    """A step function: `scores[i]` holds from `spent[i]` (ascending, the first is the seed's) until the next, the last
    one until `end`, where the search ended."""

    spent: tuple[float, ...]
    scores: tuple[float, ...]
    end: float

    def at(self, places: Values) -> Values:
        """Returns the score at each of `places` (any shape); before the first step the seed's."""
        found = np.searchsorted(np.asarray(self.spent), places, side="right") - 1
        values: Values = np.asarray(self.scores)[np.maximum(found, 0)]
        return values

    def mean(self, limit: float) -> float:
        """Returns the area under the curve from 0 to `limit`, divided by `limit`: the mean best so far, in the task's
        unit (the anytime area of LLaMEA, van Stein and Bäck 2024, without its rescaling of scores)."""
        if limit <= 0:
            return self.scores[0]
        edges = np.clip(np.array([0.0, *self.spent[1:], limit]), 0.0, limit)
        return float(np.diff(edges) @ np.asarray(self.scores)) / limit


class Band(msgspec.Struct, frozen=True):
    """Curves of several seeds on one grid: their mean, and its 95 % interval at each place by itself."""

    spent: list[float]
    mean: list[float]
    low: list[float] | None
    high: list[float] | None


def band(curves: Sequence[Steps], limit: float, places: int = 101) -> Band:
    """Returns the mean of curves and its interval over seeds, on `places` equal steps from 0 to `limit`.

    `low` and `high` are None for a single curve.
    """
    grid = np.linspace(0.0, limit, places)
    values = np.array([curve.at(grid) for curve in curves])
    found = [mean_interval(column, resamples=BAND_RESAMPLES) for column in values.T]
    bounds = [pair for pair in found if pair is not None]
    whole = len(bounds) == places
    return Band(
        spent=grid.tolist(),
        mean=values.mean(axis=0).tolist(),
        low=[low for low, _ in bounds] if whole else None,
        high=[high for _, high in bounds] if whole else None,
    )
