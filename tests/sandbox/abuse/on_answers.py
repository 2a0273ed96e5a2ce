"""Attacks on what the worker believes: forged, early, endless and malformed answers, and other candidates' answers."""

from collections.abc import Callable

import numpy as np

from ryumon.task import Limits
from tests.sandbox.abuse.abuse import Abuse, Outcome, claimed, everywhere, found


def _escaped(outcome: Outcome, limits: Limits) -> bool:
    """Returns whether the worker met an error that it did not put down to the candidate."""
    return bool(outcome.broke)


def _raw(name: str, payload: str, won: Callable[[Outcome, Limits], bool], off: str) -> Abuse:
    source = f"""
    import struct, time
    from attack import *
    def array(dtype, *shape, body=b""):
        head = struct.pack(f"<B{{len(dtype)}}sB{{len(shape)}}Q", len(dtype), dtype, len(shape), *shape)
        return b"\\xc9" + len(head + body).to_bytes(4, "big") + b"\\x01" + head + body
    def main(world):
        raw({payload})
        time.sleep(5)
    """
    return Abuse(name=name, source=source, limits=Limits(wall_s=20), processes=(1,), won=won, off=everywhere(off))


ABUSES = (
    Abuse(
        name="looks for descriptors that others left open",
        source="""
        from attack import *
        def main(world):
            return [number for number in range(4, 1000) if attempt(os.fstat, number) != "EBADF"]
        """,
        won=lambda outcome, limits: bool(outcome.claim),
        off=everywhere("closed descriptors"),
    ),
    Abuse(
        name="forges the zygote's report on every descriptor",
        source="""
        import msgspec
        from attack import *
        def main(world):
            forged = msgspec.msgpack.encode([local("spec").id, "exit", 0, 0, 12345.0, 0.0, 0.0, ""])
            for number in range(128):
                attempt(os.write, number, forged)
        """,
        won=lambda outcome, limits: outcome.ending is not None and outcome.ending.usage.cpu_s == 12345,
        off=everywhere("closed descriptors"),
    ),
    Abuse(
        name="writes a result on every descriptor",
        source="""
        from attack import *
        def main(world):
            body = b"\\x94\\xc4\\x08forgery!\\xa2ok\\xc4\\x01\\x07\\xa0"
            for number in range(128):
                attempt(os.write, number, len(body).to_bytes(4, "big") + body)
            return 1
        """,
        won=claimed(7),
        off=everywhere("numbered questions"),
    ),
    Abuse(
        name="answers before it is asked",
        source="""
        import msgspec, time
        from attack import *
        def first(world):
            raw(b"\\x01")
            raw(b"\\xa6forged", bytes(8))
            time.sleep(1000)
        def second(world):
            return "honest"
        """,
        calls=("first", "second"),
        limits=Limits(wall_s=20),
        won=claimed("forged"),
        off=everywhere("numbered questions"),
    ),
    Abuse(
        name="ends with success before it has answered",
        source="import os\nos._exit(0)",
        won=lambda outcome, limits: outcome.status == "ok",
        off=everywhere("an exit is no answer"),
    ),
    Abuse(
        name="exits at import",
        source="import sys\nsys.exit(0)",
        won=lambda outcome, limits: outcome.status == "ok",
        off=everywhere("an exit is no answer"),
    ),
    Abuse(
        name="looks for others' answers in frames and objects",
        source="""
        import gc, sys
        def main(world):
            seen, frame = [], sys._getframe()
            while frame:
                seen += frame.f_locals.values()
                frame = frame.f_back
            for thing in gc.get_objects():
                if isinstance(thing, dict):
                    seen += list(thing.values())
                elif isinstance(thing, (list, tuple)):
                    seen += thing
            # Said by another word, so that what is found is not this very text.
            return [text for text in seen if isinstance(text, str) and text.startswith("held-out-") and text[9:]]
        """,
        won=found,
        off=everywhere("fresh children"),
    ),
    Abuse(
        name="poisons numpy for the next evaluation",
        source="""
        import builtins, numpy
        def main(world):
            numpy.sum = builtins.sum = lambda *_: 99
        """,
        won=lambda outcome, limits: outcome.neighbour != 6,
        off=everywhere("fresh children"),
    ),
    Abuse(
        name="answers without end",
        source="""
        from attack import *
        def main(world):
            raw(b"\\xc6" + (3 << 20).to_bytes(4, "big") + bytes(3 << 20))
            while True:
                os.write(3, bytes(1 << 20))
        """,
        limits=Limits(wall_s=20, claim_kb=64),
        won=lambda outcome, limits: outcome.claim is not None and len(outcome.claim) > limits.claim_kb << 10,
        off=everywhere("length of answers"),
    ),
    Abuse(
        name="answers with a pickle that runs when it is read",
        source="""
        import pickle
        from attack import *
        class Bomb:
            def __init__(self, path): self.path = path
            def __reduce__(self): return os.mkdir, (self.path,)
        def main(world):
            raw(pickle.dumps(Bomb(world["folder"] + "/exploded")))
        """,
        won=lambda outcome, limits: bool(outcome.touched),
        off=everywhere("plain data only"),
    ),
    _raw("answers with lists in lists", "b'\\x91' * 100000 + b'\\x01'", _escaped, "checks of answers"),
    _raw("answers with dicts in dicts", "b'\\x81\\x01' * 100000 + b'\\x01'", _escaped, "checks of answers"),
    _raw("answers with text that is none", "b'\\xa3\\xed\\xa0\\x80'", _escaped, "checks of answers"),
    _raw(
        "answers with a list that claims billions",
        "b'\\xdd\\x3f\\xff\\xff\\xff'",
        _escaped,
        "checks of answers",
    ),
    _raw("answers with objects in an array", "array(b'|O', 1, body=bytes(8))", _escaped, "checks of answers"),
    _raw(
        "answers with an array of no items and endless extent",
        "array(b'<f8', 0, 1 << 40)",
        lambda outcome, limits: isinstance(outcome.claim, np.ndarray),
        "extents of empty arrays",
    ),
    _raw(
        "answers with a bool that counts as two hundred",
        "array(b'|b1', 1, body=b'\\xc8')",
        lambda outcome, limits: isinstance(outcome.claim, np.ndarray),
        "checks of answers",
    ),
)
