"""Small programs to edit, and a stand-in for the memory of earlier proposals."""

from ryumon.improvers.base import Brief
from ryumon.improvers.normal import normal_form
from ryumon.program import Program

ARRAYS = '''"""A priority."""

import numpy as np


def priority(item: int, bins: np.ndarray) -> np.ndarray:
    """Keep this."""
    gap = bins - item  # what is left
    gap[1:] -= gap[:-1]
    return -np.where(gap > 3, gap ** 2, 0.5 * np.abs(gap))
'''
LOOPS = """import math

import numpy as np

N = 26


def construct():
    radii = np.zeros(N)
    centers = np.zeros((N, 2))
    for i in range(N):
        angle = 2 * math.pi * i / N
        centers[i] = [0.5 + 0.3 * math.cos(angle), 0.5 + 0.3 * math.sin(angle)]
        if i > 8:
            centers[i] *= 0.9
    return centers, radii
"""
FEATURES = """def dispatch(job, machine):
    duration = job["duration"]
    weight = 2.0 if job["remaining"] > 3 else 1.0
    slack = job["due"] - machine.clock
    return -weight * duration + slack / (1 + abs(slack))
"""
PLAIN = """SCALE = 1.5


def total(values: list) -> float:
    best = [v * SCALE for v in values if v > 0]
    out = 0.0
    while out < 10 and best:
        out += best.pop()
    return out
"""
CORPUS = {
    "arrays": (ARRAYS, "numpy-elementwise"),
    "loops": (LOOPS, "numpy-elementwise"),
    "features": (FEATURES, "arithmetic"),
    "plain": (PLAIN, "list"),
    "arrays, later": (ARRAYS.replace("0.5 * np.abs(gap)", "0.25 * np.sqrt(gap)"), "numpy-elementwise"),
}


class Memory:
    """The normal forms of all proposals so far."""

    def __init__(self, *programs: Program) -> None:
        self.forms = {normal_form(program, "python") for program in programs}

    def seen(self, program: Program) -> bool:
        """Returns whether a program equal in normal form was added."""
        return normal_form(program, "python") in self.forms

    def add(self, program: Program) -> None:
        """Remembers a program."""
        self.forms.add(normal_form(program, "python"))


def brief(text: str, vocabulary: str) -> Brief:
    """Returns a brief whose one editable file is `text`."""
    return Brief(
        task="corpus",
        direction="minimize",
        text="",
        language="python",
        editable=("main.py",),
        vocabulary=vocabulary,
        seed=Program({"main.py": text, "notes.txt": "left alone"}),
    )
