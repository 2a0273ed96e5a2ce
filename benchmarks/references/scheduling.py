"""Rules for job shops, and update rules."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def cost_over_time(duration: float, slack: float, waited: float, work: float, left: float, weight: float) -> float:
    """COVERT (Carroll 1965): the share of the expected wait that the slack does not cover, over the duration."""
    wait = 2.0 * work
    return weight / duration * max(0.0, 1 - max(0.0, slack) / wait)


def rmsprop(gradient: Floats, velocity: Floats, square: Floats, last: Floats, left: float) -> Floats:
    """RMSprop (Hinton, Srivastava and Swersky, lecture notes, 2012), its rate falling linearly from .5 to 0."""
    return -0.5 * left * gradient / (np.sqrt(square) + 1e-8)
