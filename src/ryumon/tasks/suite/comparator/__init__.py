"""Boolean circuits: which formula has this truth table?"""
