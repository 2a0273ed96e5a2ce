"""Stands in for `shinka.core`: what an evaluator needs of it."""

from .wrap_eval import run_shinka_eval

__all__ = ["run_shinka_eval"]
