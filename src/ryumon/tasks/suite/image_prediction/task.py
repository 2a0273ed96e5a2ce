"""Prediction for lossless image compression: generated images, and the code length recomputed from the predictions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ryumon.evaluation import claims
from ryumon.score import Result
from ryumon.task import SPLITS, Candidate, Case, Split, Task

SIDE, SPACING = 40, 3
NEIGHBOURS = ((0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0))  # w, n, nw, ne, ww, nn: rows down, columns right
IMAGES = 5
COUNTS: dict[Split, int] = {"train": 48, "validation": 48, "test": 120}
Floats = NDArray[np.float64]
Instance = tuple[tuple[Floats, ...], Floats]


class ImagePrediction(Task):
    """Images of shading, edges, waves and noise. No pixel asked for is a neighbour of another one."""

    def cases(self, split: Split, seed: int) -> Sequence[Case]:
        """Returns fresh images, five a case, as neighbourhoods in random order and the pixels they belong to."""
        rng = np.random.default_rng([seed, 1 + SPLITS.index(split)])
        return [Case(f"{split}-{k}", sampled(rng)) for k in range(COUNTS[split])]

    def evaluate(self, program: Candidate, case: Case) -> Result:
        """Returns the mean of log2(1 + 2|error|), about what a code for the error takes, in bits a pixel."""
        neighbours, pixels = case.data
        claim = program.call("predictor.py:predict", *neighbours)
        predicted = np.clip(claims.array(claim, np.float64, pixels.shape, "the prediction"), 0, 255)
        error = np.abs(predicted - pixels)
        return Result(float(np.log2(1 + 2 * error).mean()), feedback=f"the median error is {np.median(error):.3g}")


def sampled(rng: np.random.Generator) -> Instance:
    """Returns the six neighbours, float64[pixels] each, of pixels three apart in five images, and those pixels."""
    pictures = np.array([image(rng) for _ in range(IMAGES)])
    places = np.mgrid[0:IMAGES, 2 : SIDE - 1 : SPACING, 2 : SIDE - 1 : SPACING].reshape(3, -1)
    which, rows, columns = rng.permutation(places, axis=1)
    neighbours = tuple(pictures[which, rows + down, columns + right] for down, right in NEIGHBOURS)
    return neighbours, pictures[which, rows, columns]


def image(rng: np.random.Generator) -> Floats:
    """Returns float64[SIDE, SIDE] of whole numbers 0..255: a slope, six half planes, a wave, and noise."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    picture = 120 + rng.normal(0, 60) * x + rng.normal(0, 60) * y
    for _ in range(6):
        angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.6, 0.6)
        side = np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5) > offset
        picture = picture + side * rng.normal(0, 30)
    angle = rng.uniform(0, np.pi)
    phase = 2 * np.pi * rng.uniform(2, 8) * (np.cos(angle) * x + np.sin(angle) * y)
    picture = picture + rng.uniform(0, 20) * np.sin(phase) + rng.normal(0, rng.uniform(0.5, 3), picture.shape)
    whole: Floats = np.clip(np.rint(picture), 0, 255)
    return whole
