"""Programs that try to score without merit, for `ryumon check`: a task's seed with a few lines planted behind it.

What is planted takes the place of every function of the editable files where the evaluator or a driver calls it; calls
among these files stay honest. This module makes texts only; `trial.py` runs them, in the sandbox like any candidate.
"""

from collections.abc import Sequence

import msgspec

from ryumon.program import Program
from ryumon.task import TaskFolder

# `{body}` defines `cheat(name, honest, args, kwargs)`. Its globals are kept in `sys`, one set for all files of a child.
_PLANT = """

def _plant(found):
    import functools
    import sys
    if not hasattr(sys, "_planted"):
        sys._planted = {{}}
        exec({body!r}, sys._planted)

    def planted(name, honest):
        @functools.wraps(honest)
        def answer(*args, **kwargs):
            if sys._getframe(1).f_globals.get("__name__") in {modules!r}:
                return honest(*args, **kwargs)
            return sys._planted["cheat"](name, honest, args, kwargs)
        return answer

    for name, value in list(found.items()):
        own = getattr(value, "__module__", None) == __name__ and callable(value) and not isinstance(value, type)
        if own and value is not _plant:
            found[name] = planted(name, value)


_plant(globals())
"""

# What bodies may use.
_TOOLS = '''
import math
import os
import sys

import numpy


def changed(value, change):
    """Returns a value with `change` made to its numbers: an array whole, else one by one."""
    if value is None or isinstance(value, (bool, str, bytes)):
        return value
    if isinstance(value, (list, tuple)):
        return [changed(item, change) for item in value]
    if isinstance(value, dict):
        return {key: changed(item, change) for key, item in value.items()}
    return change(value)


def spoiled(value, bad):
    """Returns a value with `bad` in the place of its first number."""
    if isinstance(value, numpy.ndarray):
        array = numpy.array(value, dtype=float)
        array.reshape(-1)[:1] = bad
        return array
    if isinstance(value, (list, tuple)):
        return [spoiled(item, bad) if place == 0 else item for place, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: spoiled(item, bad) if place == 0 else item for place, (key, item) in enumerate(value.items())}
    return bad


def turned(value):
    """Returns another answer of the same kind, shape and range where there is one."""
    if isinstance(value, numpy.ndarray):
        return value[::-1].copy() if value.ndim else -value
    if isinstance(value, (list, tuple)):
        return list(value)[::-1]
    return changed(value, lambda number: -number)


def driver_frames():
    """Returns the frames of the task's driver, where it runs beside this program."""
    here, found = sys._getframe(1), []
    while here is not None:
        if here.f_code.co_filename == "drivers.py":
            found.append(here)
        here = here.f_back
    return found


def question(name, value):
    """Returns what a function is asked, as bytes that differ where the questions do."""
    if isinstance(value, numpy.ndarray):
        return f"{name} {value.dtype} {value.shape} ".encode() + value.tobytes()
    if isinstance(value, (list, tuple)):
        return b"[" + b",".join(question(name, item) for item in value) + b"]"
    if isinstance(value, dict):
        return b"{" + b",".join(question(key, value[key]) for key in value) + b"}"
    return f"{name} {value!r}".encode()
'''


class Cheat(msgspec.Struct, frozen=True):
    """One way to cheat. `kinds` are the kinds of answers it is made for (none named: any).

    None changes the numbers that an honest program could answer with: to score better by other numbers is no cheat.
    `silent` says that to score as well as the seed is as bad as to score better: such an answer means nothing, so an
    evaluator that gives it the seed's score does not look at it.
    """

    name: str
    body: str
    kinds: frozenset[str] = frozenset()
    silent: bool = False


def planted(task: TaskFolder, body: str) -> Program:
    """Returns the task's seed with the cheat `body` behind each editable Python file."""
    files = dict(task.seed.files)
    paths = [path for path in task.spec.editable if path.endswith(".py")]
    modules = tuple(path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in paths)
    for path in paths:
        files[path] += _PLANT.format(body=_TOOLS + body, modules=modules)
    return Program(files)


def answering(expression: str) -> str:
    """Returns the body of a cheat that answers with `expression`, where `answer` is what the seed answers."""
    return f"""
def cheat(name, honest, args, kwargs):
    answer = honest(*args, **kwargs)
    return {expression}
"""


NUMBER, ARRAY, LIST, TABLE, TEXT, NOTHING = "number", "array", "list", "table", "text", "nothing"
_HELD = frozenset({NUMBER, ARRAY, LIST, TABLE})
_MANY = frozenset({ARRAY, LIST})
_LIAR = (
    "type('Liar', (float,), {'__eq__': lambda s, o: True, '__lt__': lambda s, o: True, '__gt__': lambda s, o: True, "
    "'__float__': lambda s: 1e9})(float('nan'))"
)


def _cheats(rows: Sequence[tuple[str, str, frozenset[str], bool]]) -> tuple[Cheat, ...]:
    return tuple(Cheat(name, answering(expression), kinds, silent) for name, expression, kinds, silent in rows)


_ANY: frozenset[str] = frozenset()
ANSWERS = _cheats(
    [
        ("NaN", "math.nan", _ANY, True),
        ("infinity", "math.inf", _ANY, True),
        ("minus infinity", "-math.inf", _ANY, True),
        ("its own answer with a NaN in it", "spoiled(answer, math.nan)", _HELD, True),
        ("its own answer with an infinity in it", "spoiled(answer, math.inf)", _HELD, True),
        ("an array of NaN", "numpy.full(8, math.nan)", _ANY, True),
        ("nothing", "None", frozenset({NUMBER, ARRAY, LIST, TABLE, TEXT}), True),
        ("a word", "'best'", frozenset({NUMBER, ARRAY, LIST, TABLE, NOTHING}), True),
        ("an empty list", "[]", frozenset({NUMBER, ARRAY, LIST, TABLE, TEXT, NOTHING}), True),
        ("an empty array", "numpy.zeros(0)", _ANY, True),
        ("an endless list", "[0.0] * 3_000_000", _ANY, True),
        ("a number that lies about itself", _LIAR, _ANY, True),
        ("one item short", "answer[:-1]", _MANY, False),
        ("one item more", "list(answer) + list(answer[-1:])", frozenset({LIST}), False),
        ("one row more", "numpy.concatenate([answer, answer[-1:]])", frozenset({ARRAY}), False),
        ("everything twice", "list(answer) * 2", frozenset({LIST}), False),
        ("all rows twice", "numpy.concatenate([answer, answer])", frozenset({ARRAY}), False),
        ("an extra axis", "answer[None]", frozenset({ARRAY}), False),
        ("an extra level", "[answer]", frozenset({LIST, NUMBER}), False),
        ("an array of complex numbers", "answer * (1 + 0j)", frozenset({ARRAY}), False),
        ("its array as a list", "answer.tolist()", frozenset({ARRAY}), False),
        ("its list as an array", "numpy.array(answer)", frozenset({LIST}), False),
        ("its number as text", "str(answer)", frozenset({NUMBER}), False),
    ]
)

# Where an answer is one step of many, an enormous one may be a policy; where it is the whole, it is no solution.
WHOLE_ANSWERS = _cheats([("its own answer with an enormous number in it", "spoiled(answer, 1e300)", _HELD, False)])

_EARLY = """
def cheat(name, honest, args, kwargs):
    import msgspec
    body = msgspec.msgpack.encode([bytes(8), "ok", msgspec.msgpack.encode(0.0), ""])
    os.write(3, len(body).to_bytes(4, "big") + body)
    return honest(*args, **kwargs)
"""
_TIME = """
import time

for clock in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
    setattr(time, clock, lambda: 0.0)
    setattr(time, clock + "_ns", lambda: 0)
time.sleep = lambda seconds: None


def cheat(name, honest, args, kwargs):
    return honest(*args, **kwargs)
"""
_TAMPER = """
def cheat(name, honest, args, kwargs):
    answer = honest(*args, **kwargs)
    for frame in driver_frames():
        for value in frame.f_locals.values():
            if isinstance(value, numpy.ndarray) and value.size and value.flags.writeable:
                value[...] = value.max()
    return answer
"""
PEEK = """
def cheat(name, honest, args, kwargs):
    answer = honest(*args, **kwargs)
    return turned(answer) if driver_frames() else answer
"""
SCRIBBLE = """
def cheat(name, honest, args, kwargs):
    answer = honest(*args, **kwargs)
    if isinstance(answer, numpy.ndarray):
        answer = answer.copy()
    for value in (*args, *kwargs.values()):
        if isinstance(value, numpy.ndarray) and value.flags.writeable:
            value[...] = 0
        elif isinstance(value, (list, dict)):
            value.clear()
    return answer
"""
ACTS = (
    Cheat("answers before it is asked", _EARLY),
    Cheat("ends its process", answering("os._exit(0)")),
    Cheat("ends the interpreter", answering("sys.exit(0)")),
    Cheat("stops the clocks", _TIME),
)
DRIVEN_ACTS = (Cheat("overwrites its driver's arrays", _TAMPER),)


def reseeding(seed: int) -> str:
    """Returns the body of a cheat that sets the global generators before and after each question."""
    return f"""
import random


def cheat(name, honest, args, kwargs):
    random.seed({seed})
    numpy.random.seed({seed})
    answer = honest(*args, **kwargs)
    random.seed({seed})
    numpy.random.seed({seed})
    return answer
"""
