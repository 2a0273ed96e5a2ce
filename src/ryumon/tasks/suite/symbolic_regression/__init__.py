"""Symbolic regression: which formula made the data?"""
