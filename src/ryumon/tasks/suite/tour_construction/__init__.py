"""Travelling salesman, construction: which city should be next?"""
