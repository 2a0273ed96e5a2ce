"""The first autocorrelation inequality for step functions, verified exactly."""
