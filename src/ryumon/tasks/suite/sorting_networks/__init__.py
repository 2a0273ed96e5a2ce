"""Sorting networks: which comparator should come next?"""
