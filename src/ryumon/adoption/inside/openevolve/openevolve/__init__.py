"""Stands in for the part of OpenEvolve that evaluators import."""

from .evaluation_result import EvaluationResult

__all__ = ["EvaluationResult"]
