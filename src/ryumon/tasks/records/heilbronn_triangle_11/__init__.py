"""11 points in a triangle, with the largest smallest triangle, verified exactly."""
