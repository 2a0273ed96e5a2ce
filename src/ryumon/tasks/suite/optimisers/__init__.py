"""Update rules: how should a gradient become a step?"""
