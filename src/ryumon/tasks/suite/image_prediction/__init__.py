"""Lossless compression: which value does a pixel's neighbourhood predict?"""
