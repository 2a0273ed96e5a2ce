"""14 points whose smallest triangle is as large as can be, over their hull, verified exactly."""
