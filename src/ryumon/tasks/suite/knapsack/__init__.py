"""Knapsacks of several constraints: which item should be packed next?"""
