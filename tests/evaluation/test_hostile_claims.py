"""Claims made to crash, hang or bloat the evaluator's worker cost that evaluation and nothing else."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from ryumon.engines.local import LocalEngine
from ryumon.evaluation.evaluator import Evaluator, Measured
from ryumon.program import Program
from ryumon.task import read_task
from tests.conftest import write_task

TOML = """
name = "trusting"
direction = "minimize"
editable = ["fit.py"]
evaluator_s = 2.0
[limits]
cpu_s = 1.0
wall_s = 5.0
memory_mb = 256
"""
# It handles what it gets as carelessly as an evaluator may, and checks it only at the end.
TASK = """
import json

import numpy as np

from ryumon import Case, Result, Task
from ryumon.evaluation.claims import number


class Trusting(Task):
    def cases(self, split, seed):
        return [Case("only")]

    def evaluate(self, program, case):
        claim = program.call("fit.py:fit")
        said = repr(claim)
        if isinstance(claim, dict):
            return Result(score=WORK[claim["do"]](claim["with"]))
        if isinstance(claim, list):
            sorted(claim)
            json.dumps(claim)
        if isinstance(claim, np.ndarray):
            claim.sum(axis=0, keepdims=True) + claim
        return Result(score=number(claim, 0, 10), feedback=said)


def forever(number):
    while number:
        pass


WORK = {
    "forever": forever,
    "allocate": lambda size: bytearray(size)[0],
    "zeros": lambda shape: float(np.ones(shape).sum()),
    "print": lambda count: print("x" * count),
    "power": lambda number: number**number**number,
    "words": lambda text: Words(chr(text)),
    "recurse": lambda number: WORK["recurse"](number),
    "exit": lambda number: exit(number),
}


class Words(float):
    def __new__(cls, text):
        raise ValueError(text * 1_000_000)
"""
RAW = """
import os, struct, sys, time
import msgspec
import numpy as np

def raw(payload):
    here = sys._getframe()
    while "request" not in here.f_locals:
        here = here.f_back
    body = msgspec.msgpack.encode([here.f_locals["request"].nonce, "ok", payload, ""])
    os.write(3, len(body).to_bytes(4, "big") + body)
    time.sleep(60)

def array(dtype, *shape, body=b""):
    head = struct.pack(f"<B{len(dtype)}sB{len(shape)}Q", len(dtype), dtype, len(shape), *shape)
    return b"\\xc9" + len(head + body).to_bytes(4, "big") + b"\\x01" + head + body

def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value
"""
HONEST = "def fit():\n    return 2.5\n"
# What the candidate returns, and the statuses that may come of it.
CLAIMS = {
    "a list in lists": "nested(100_000)",
    "a list in lists, as deep as it may be": "nested(900)",
    "bytes that nest lists": "raw(b'\\x91' * 1_000_000 + b'\\x01')",
    "bytes that nest dicts": "raw(b'\\x81\\x01' * 400_000 + b'\\x01')",
    "lists that claim all the rest": "raw(b'\\xdd\\x00\\x0f\\xff\\xff' * 200_000)",
    "a list that claims billions": "raw(b'\\xdd\\xff\\xff\\xff\\xff')",
    "a text that claims billions": "raw(b'\\xdb\\xff\\xff\\xff\\xff')",
    "empty lists": "[[]] * 1_000_000",
    "empty dicts": "[{}] * 1_000_000",
    "a text of a megabyte": "'x' * 1_000_000",
    "bytes of a megabyte": "bytes(1_000_000)",
    "keys that collide": "{'do': 0, **{str(k * (2**61 - 1)): k for k in range(1, 50_000)}}",
    "a key that cannot be one": "raw(b'\\x81\\x91\\x01\\x01')",
    "the largest integer": "2**64 - 1",
    "an integer without end": "1 << 100_000",
    "no number": "float('nan')",
    "no number, with a message": "struct.unpack('d', bytes.fromhex('efbeaddeefbef87f'))[0]",
    "infinity": "-float('inf')",
    "numbers that are none": "np.full(1000, np.nan)",
    "an array without dimensions": "np.array(3.0)",
    "an array of a hundred dimensions": "raw(array(b'|u1', *[1] * 100, body=b'x'))",
    "an array of many dimensions": "np.ones([1] * 32)",
    "an empty array of endless extent": "raw(array(b'<f8', 0, 1 << 40))",
    "an empty array of large extent": "raw(array(b'|u1', 0, 1 << 24))",
    "an array whose size overflows": "raw(array(b'<f8', 1 << 63, 2, body=bytes(16)))",
    "an array of objects": "raw(array(b'|O', 1, body=bytes(8)))",
    "an array of long texts": "raw(array(b'<U99999999', 0))",
    "an array in the other byte order": "np.ones(4, '>f8')",
    "an array seen backwards": "np.arange(1000.0)[::-3]",
    "an array with strides of nothing": "np.broadcast_to(1.0, (100, 100))",
    "an array with strides of nothing, endless": "np.broadcast_to(1.0, 1 << 40)",
    "an array by columns": "np.asfortranarray(np.ones((30, 40)))",
    "a bool of two hundred": "raw(array(b'|b1', 1, body=b'\\xc8'))",
    "an array cut short": "raw(b'\\xc9\\x00\\x00\\x00\\x02\\x01\\x05<')",
    "text that is none": "raw(b'\\xa3\\xed\\xa0\\x80')",
    "nothing at all": "raw(b'')",
    "memory to allocate": "{'do': 'allocate', 'with': 1 << 40}",
    "an array to allocate": "{'do': 'zeros', 'with': [1 << 20, 1 << 12]}",
    "a text to print": "{'do': 'print', 'with': 200 << 20}",
    "an error of a megabyte": "{'do': 'words', 'with': 120}",
    "an error in half a character": "{'do': 'words', 'with': 0xD800}",
    "an endless recursion": "{'do': 'recurse', 'with': 1}",
    "a loop without end": "{'do': 'forever', 'with': 1}",
    "the worker's exit": "{'do': 'exit', 'with': 0}",
}
Judge = Callable[[str], Measured]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Yields what measures a program on one lane, the same for all."""
    task = read_task(write_task(tmp_path_factory.mktemp("hostile") / "task", toml=TOML, task=TASK, seed=HONEST))
    engine = LocalEngine(task, "A", 1)
    evaluator = Evaluator(engine, task, 0)
    with asyncio.Runner() as runner:
        yield lambda text: runner.run(evaluator.read(Program({"fit.py": text}), "train", 0))
        engine.close()


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_hostile_claim_costs_only_its_own_evaluation(judge: Judge, claim: str) -> None:
    found = judge(f"{RAW}\ndef fit():\n    return {claim}\n")
    assert found.score is None
    assert found.status != "ok"
    assert len(found.reason) <= 2000
    after = judge(HONEST)
    assert (after.status, after.score) == ("ok", 2.5)
