"""Weighted tardiness in small job shops: which waiting operation should start?"""
