"""21 circles in a rectangle of perimeter 4, with the largest sum of radii, verified exactly."""
