"""How fast lanes open, call and close children: evaluations each second, and CPU in all processes together.

Command: `python benchmarks/sandbox_pool.py [--tier A] [--count 1000]`. Wants idle cores: with both
taken by other work the rate falls to a third. Not measured: what an evaluator does in between. Last result: see
docs/results/running.md.
"""

import argparse
import multiprocessing
import resource
import socket
import subprocess
import time
from multiprocessing.synchronize import Barrier
from typing import NamedTuple

from ryumon.sandbox import Sandbox, Tier, start_zygote
from ryumon.task import Limits

CANDIDATES = {
    "trivial": "def f(x):\n    return x\n",
    "numpy 64x64 matmul": "import numpy as np\ndef f(x):\n    a = np.full((64, 64), x)\n    return (a @ a)[0, 0]\n",
}


def cpu_of(who: int) -> float:
    """Returns user and system seconds of this process, or of its ended children."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def measure(sandbox: Sandbox, source: str, count: int) -> tuple[float, float]:
    """Returns (wall s, child CPU s) of `count` evaluations, each in a child of its own."""
    start, cpu = time.perf_counter(), 0.0
    for _ in range(count):
        with sandbox.open({"a.py": source}, Limits()) as child:
            child.call("a.py:f", [1.5])
            cpu += child.close().usage.cpu_s
    return time.perf_counter() - start, cpu


def lane(tier: Tier) -> "tuple[Sandbox, socket.socket, subprocess.Popen[bytes]]":
    """Starts a zygote and returns the worker's side of it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = start_zygote(theirs.fileno(), tier=tier, preload=["numpy"])
    sandbox = Sandbox(ours)
    measure(sandbox, CANDIDATES["trivial"], 20)
    return sandbox, ours, process


class Taken(NamedTuple):
    """What evaluations took, in seconds: wall clock, and CPU by whom."""

    wall: float
    child: float
    zygote: float
    worker: float


def one_lane(tier: Tier, source: str, count: int, go: Barrier) -> Taken:
    """Returns what `count` evaluations in a lane of its own take, once all lanes are ready."""
    sandbox, control, process = lane(tier)
    go.wait()
    zygote, own = zygote_cpu(process.pid), cpu_of(resource.RUSAGE_SELF)
    wall, child = measure(sandbox, source, count)
    taken = Taken(wall, child, zygote_cpu(process.pid) - zygote, cpu_of(resource.RUSAGE_SELF) - own)
    control.close()
    process.wait(10)
    return taken


def pool(tier: Tier, source: str, count: int, lanes: int) -> list[Taken]:
    """Returns what each of `lanes` workers, processes of their own, took for `count` evaluations side by side."""
    context = multiprocessing.get_context("fork")
    go = context.Barrier(lanes)
    answers = context.SimpleQueue()
    workers = [context.Process(target=lambda: answers.put(one_lane(tier, source, count, go))) for _ in range(lanes)]
    for worker in workers:
        worker.start()
    taken = [answers.get() for _ in workers]
    for worker in workers:
        worker.join()
    return taken


def main() -> None:
    """Prints one line for each kind of candidate and number of lanes, and one for calls within one child."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tier", default="A")
    parser.add_argument("--count", type=int, default=1000)
    arguments = parser.parse_args()
    for lanes in (1, 2):
        for name, source in CANDIDATES.items():
            taken = pool(arguments.tier, source, arguments.count, lanes)
            rate = sum(arguments.count / each.wall for each in taken)
            per = 1000 / (arguments.count * lanes)
            child, zygote, worker = (per * sum(part) for part in list(zip(*taken, strict=True))[1:])
            print(
                f"{name}, {lanes} lanes: {rate:.0f}/s; CPU ms each: "
                f"child {child:.2f}, zygote {zygote:.2f}, worker {worker:.2f}, all {child + zygote + worker:.2f}"
            )
    calls(arguments.tier, 5000)


def calls(tier: Tier, count: int) -> None:
    """Prints what one call in an open child takes."""
    sandbox, control, process = lane(tier)
    with sandbox.open({"a.py": CANDIDATES["trivial"]}, Limits(cpu_s=60)) as child:
        child.call("a.py:f", [1.5])
        start = time.perf_counter()
        for _ in range(count):
            child.call("a.py:f", [1.5])
        print(f"one more call in an open child: {(time.perf_counter() - start) / count * 1e6:.0f} us wall")
    control.close()
    process.wait(10)


def zygote_cpu(launcher: int) -> float:
    """Returns the CPU seconds of the zygote itself: the last of the chain of processes that `launcher` began."""
    pid = launcher
    while True:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            below = file.read().split()
        if not below:
            break
        pid = int(below[0])
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0]) / 1e9


if __name__ == "__main__":
    main()
