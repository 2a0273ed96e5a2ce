"""14 points in space with the smallest ratio of distances, verified exactly."""
