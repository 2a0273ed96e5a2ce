"""How fast one lane opens, calls and closes children: evaluations each second, and CPU in all processes together.

Command: `python benchmarks/sandbox_pool.py [--tier A] [--count 500]`. Not measured: what an evaluator does in between.

Last result (2 shared cores with other work on them, Linux 6.18, Python 3.11; the best of three, tier A):
    trivial: 298/s, 3.35 ms wall; CPU ms each: child 2.23, zygote 0.84, worker 0.13, all 3.19
    numpy 64x64 matmul: 242/s, 4.14 ms wall; CPU ms each: child 2.73, zygote 0.89, worker 0.14, all 3.76
    one more call in an open child: 31 us wall
With both cores taken by other work the rate falls to 100/s and the CPU rises to 4.0 ms.
"""

import argparse
import resource
import socket
import subprocess
import time

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


def main() -> None:
    """Prints one line for each kind of candidate, and one for calls within one child."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tier", default="A", choices=["A", "C"])
    parser.add_argument("--count", type=int, default=500)
    arguments = parser.parse_args()
    for name, source in CANDIDATES.items():
        sandbox, control, process = lane(arguments.tier)
        zygote = zygote_cpu(process.pid)
        own = cpu_of(resource.RUSAGE_SELF)
        wall, children = measure(sandbox, source, arguments.count)
        per = 1000 / arguments.count
        own = (cpu_of(resource.RUSAGE_SELF) - own) * per
        zygote = (zygote_cpu(process.pid) - zygote) * per
        child = children * per
        print(
            f"{name}: {arguments.count / wall:.0f}/s, {wall * per:.2f} ms wall; CPU ms each: "
            f"child {child:.2f}, zygote {zygote:.2f}, worker {own:.2f}, all {child + zygote + own:.2f}"
        )
        control.close()
        process.wait(10)
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
