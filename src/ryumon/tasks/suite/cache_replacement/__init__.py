"""Cache replacement: what should make room?"""
