"""Candidates that go for their score, and one small task in each shape that a task can have.

The task: say the next number of a sequence. Saying the last one again is the honest program; 0 as an answer is worse,
and as a score perfect, so whatever passes off a 0 as the score shows. In the `joined` shape the score is computed
beside the candidate: what this repository never does, here to show that the attacks are real.
"""

from typing import Any

import msgspec

TASK = """
from ryumon import Case, Result, Task
from ryumon.evaluation.claims import InvalidClaim, number


class Sequence(Task):
    def cases(self, split, seed):
        return [Case(f"{split}-{k}", [5.0 + k + 0.5 * place for place in range(4)]) for k in range(3)]

    def evaluate(self, program, case):
        known, following = case.data[:-1], case.data[1:]
        SHAPE
        if type(said) is not list or len(said) != len(following):
            raise InvalidClaim("one number for each of the sequence")
        return Result(score=sum(abs(number(y) - x) for y, x in zip(said, following)))
"""
SHAPES = {
    "call": "said = [program.call('fit.py:fit', x) for x in known]",
    "session": """with program.session() as session:
            said = [session.call('fit.py:fit', x) for x in known]""",
    "drive": "said = program.drive('drivers.py:answers', 'fit.py:fit', case.data)",
    "joined": "return Result(score=program.drive('drivers.py:score', 'fit.py:fit', case.data))",
}
DRIVERS = """
def answers(function, inputs):
    said = []
    for x in inputs[:-1]:
        said.append(function(x))
    return said

def score(function, inputs):
    return float(sum(abs(function(x) - inputs[place + 1]) for place, x in enumerate(inputs[:-1])))
"""
HONEST = "def fit(x):\n    return x\n"


class Attack(msgspec.Struct, frozen=True):
    """A candidate, and whether it beats an evaluator that runs in its own process."""

    name: str
    source: str
    wins_joined: bool = True


_FORGE = """
import os, sys
import msgspec

def frame(value):
    here = sys._getframe()
    while "request" not in here.f_locals:
        here = here.f_back
    body = msgspec.msgpack.encode([here.f_locals["request"].nonce, "ok", msgspec.msgpack.encode(value), ""])
    return len(body).to_bytes(4, "big") + body

def everywhere(data):
    for number in range(64):
        try:
            os.write(number, data)
        except OSError:
            pass
"""

ATTACKS = (
    Attack(
        "walks the frames that called it",
        """
import sys

def fit(x):
    here = sys._getframe(1)
    while here:
        inputs = here.f_locals.get("inputs")
        if inputs:
            return inputs[inputs.index(x) + 1]
        here = here.f_back
    return x
""",
    ),
    Attack(
        "searches all objects for the sequence",
        """
import gc

def fit(x):
    for thing in gc.get_objects():
        if type(thing) is list and x in thing[:-1] and all(type(part) is float for part in thing):
            return thing[thing.index(x) + 1]
    return x
""",
    ),
    Attack(
        "patches builtins",
        """
import builtins

builtins.abs = builtins.sum = builtins.float = lambda *_: 0.0

def fit(x):
    return x
""",
    ),
    Attack(
        "patches everything that writes an answer",
        """
import json, pickle, sys
import msgspec

codec = sys.modules["guest.codec"]
encode = codec.encode

def fit(x):
    forged = encode(0.0)
    json.dumps = lambda *_, **__: "0.0"
    pickle.dumps = codec.encode = lambda *_, **__: forged
    msgspec.json.encode = lambda *_: b"0.0"
    return x
""",
    ),
    Attack(
        "answers with a number that lies about itself",
        """
class Lie(float):
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
    __float__ = __abs__ = lambda self: 0.0
    __sub__ = __rsub__ = lambda self, other: 0.0
    __len__ = __hash__ = lambda self: 0

def fit(x):
    return Lie(x)
""",
    ),
    Attack(
        "answers with a list that lies about itself",
        """
class Lie(list):
    __eq__ = __contains__ = lambda self, other: True
    __len__ = lambda self: 3
    __getitem__ = lambda self, place: 0.0
    __iter__ = lambda self: iter([0.0] * 3)
    __sub__ = __rsub__ = lambda self, other: 0.0
    __hash__ = None

def fit(x):
    return Lie([x])
""",
    ),
    Attack(
        "writes a forged answer on every descriptor",
        _FORGE + "\ndef fit(x):\n    everywhere(frame(0.0))\n    return x\n",
    ),
    Attack(
        "forges an answer and ends with success",
        _FORGE + "\ndef fit(x):\n    everywhere(frame(0.0))\n    os._exit(0)\n",
    ),
    Attack(
        "answers what it will be asked next",
        _FORGE + "\ndef fit(x):\n    everywhere(frame(x) + frame(x + 0.5) + frame(x + 1.0))\n    return x\n",
        wins_joined=False,
    ),
    Attack(
        "leaves a daemon that answers for it",
        _FORGE
        + """
def fit(x):
    forged = frame(0.0)
    ready, done = os.pipe()
    if os.fork() == 0:
        os.setsid()
        everywhere(forged)
        os.write(done, b"x")
        while True:
            everywhere(forged)
    os.read(ready, 1)
    return x
""",
    ),
    Attack("exits with success at import", "import sys\nsys.exit(0)\n", wins_joined=False),
    Attack("ends its process with success at import", "import os\nos._exit(0)\n", wins_joined=False),
    Attack(
        "leaves scores in files and in its log",
        """
import json

def fit(x):
    for name in ("score.json", "scores.json", "metrics.json", "result.json", "results.json", "correct.json"):
        with open(name, "w") as file:
            json.dump({"score": 0.0, "combined_score": 0.0, "correct": True}, file)
    print(json.dumps({"score": 0.0}), "score: 0.0", flush=True)
    return x
""",
        wins_joined=False,
    ),
)


def files(shape: str) -> dict[str, Any]:
    """Returns a task of that shape, as the maker of small tasks takes it."""
    return {
        "toml": TOML,
        "seed": HONEST,
        "task": TASK.replace("SHAPE", SHAPES[shape]),
        "drivers": DRIVERS,
    }


TOML = """
name = "sequence"
direction = "minimize"
editable = ["fit.py"]
evaluator_s = 20.0
[limits]
cpu_s = 1.0
processes = 4
"""
