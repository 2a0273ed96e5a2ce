"""16 points in the plane with the smallest ratio of distances, verified exactly."""
