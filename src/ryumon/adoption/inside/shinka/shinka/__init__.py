"""Stands in for the part of ShinkaEvolve that evaluators import."""
