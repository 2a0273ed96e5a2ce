import numpy as np

SWEEPS = 10
WIDTH = 0.7
CENTRES = (
    (0.167, 0.071), (0.5, 0.071), (0.833, 0.071),
    (0.167, 0.214), (0.5, 0.214), (0.833, 0.214),
    (0.167, 0.357), (0.5, 0.357), (0.833, 0.357),
    (0.167, 0.5), (0.5, 0.5), (0.833, 0.5),
    (0.167, 0.643), (0.5, 0.643), (0.833, 0.643),
    (0.167, 0.786), (0.5, 0.786), (0.833, 0.786),
    (0.167, 0.929), (0.5, 0.929), (0.833, 0.929),
)  # fmt: skip


def radii(points: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Returns radii that fit, whatever the centres: each in turn grows until it meets a wall or another circle."""
    walls = np.minimum(points, sides - points).min(axis=1)
    distances = np.hypot(*(points[:, None] - points).transpose(2, 0, 1))
    np.fill_diagonal(distances, np.inf)
    grown: np.ndarray = np.minimum(walls, distances.min(axis=1) / 2)
    for _ in range(SWEEPS):
        for i in range(len(points)):
            grown[i] = min(walls[i], (distances[i] - grown).min())
    grown *= 1 - 1e-12
    return grown


def pack() -> np.ndarray:
    """Returns 21 circles as rows of x, y, radius."""
    sides = np.array((WIDTH, 2 - WIDTH))
    points = np.array(CENTRES) * sides
    return np.column_stack((points, radii(points, sides)))
