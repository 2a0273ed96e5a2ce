"""The third autocorrelation inequality for step functions, verified exactly."""
