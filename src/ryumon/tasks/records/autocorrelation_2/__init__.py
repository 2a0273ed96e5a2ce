"""The second autocorrelation inequality for step functions, verified exactly."""
