"""Erdős's minimum overlap problem for step functions, verified exactly."""
