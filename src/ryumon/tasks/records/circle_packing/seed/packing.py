import numpy as np

CENTRES = (
    (0.1, 0.1), (0.3, 0.1), (0.5, 0.1), (0.7, 0.1), (0.9, 0.1),
    (0.1, 0.3), (0.3, 0.3), (0.5, 0.3), (0.7, 0.3), (0.9, 0.3),
    (0.08, 0.5), (0.248, 0.5), (0.416, 0.5), (0.584, 0.5), (0.752, 0.5), (0.92, 0.5),
    (0.1, 0.7), (0.3, 0.7), (0.5, 0.7), (0.7, 0.7), (0.9, 0.7),
    (0.1, 0.9), (0.3, 0.9), (0.5, 0.9), (0.7, 0.9), (0.9, 0.9),
)  # fmt: skip


def radii(points: np.ndarray) -> np.ndarray:
    """Returns radii that fit, whatever the centres: circles that reach to the nearest wall or centre both give way by
    half where they overlap, and then each in turn grows until it meets a wall or another circle."""
    walls = np.minimum(points, 1 - points).min(axis=1)
    distances = np.hypot(*(points[:, None] - points).transpose(2, 0, 1))
    np.fill_diagonal(distances, np.inf)
    reach = np.minimum(walls, distances.min(axis=1))
    overlaps = (reach[:, None] + reach - distances).max(axis=1)
    grown: np.ndarray = reach - np.maximum(overlaps, 0) / 2
    for i in range(len(points)):
        grown[i] = min(walls[i], (distances[i] - grown).min())
    grown *= 1 - 1e-12
    return grown


def pack() -> np.ndarray:
    """Returns 26 circles as rows of x, y, radius."""
    points = np.array(CENTRES)
    return np.column_stack((points, radii(points)))
