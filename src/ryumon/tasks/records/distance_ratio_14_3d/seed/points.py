import numpy as np

# Rings around an axis: how many points, radius, height, turn in radians.
RINGS = (
    (1, 0.0, 1.3, 0.0),
    (6, 1.1, 0.5, 0.1),
    (6, 1.1, -0.5, 0.5),
    (1, 0.0, -1.3, 0.0),
)


def place() -> np.ndarray:
    """Returns 14 points as rows of x, y, z."""
    rows = []
    for count, radius, height, turn in RINGS:
        for k in range(count):
            angle = turn + 2 * np.pi * k / count
            rows.append((radius * np.cos(angle), radius * np.sin(angle), height))
    return np.array(rows)
