"""Restless bandits: which arm should be pulled next?"""
