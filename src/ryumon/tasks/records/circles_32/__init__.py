"""32 circles in the unit square, with the largest sum of radii, verified exactly."""
