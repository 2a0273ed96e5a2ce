"""CPU time is read off every process, whatever it calls itself and however soon it was started."""

import os
import subprocess
import sys
from pathlib import Path

from ryumon.engines.processes import tree_cpu_s, younger_cpu_s

_SPIN = """
import ctypes, time
ctypes.CDLL(None).prctl(15, b"a) \\xff", 0, 0, 0)
while time.process_time() < 0.2: pass
print("spun", flush=True)
input()
"""


def test_a_process_whose_name_is_no_text_is_counted() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _SPIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "spun\n"
        assert tree_cpu_s([process.pid]) >= 0.15
        born = int(Path(f"/proc/{process.pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
        tick = 1 / os.sysconf("SC_CLK_TCK")
        assert younger_cpu_s([process.pid], (born + 0.9) * tick) >= 0.15  # it may have begun later in that tick
        assert younger_cpu_s([process.pid], (born + 2) * tick) < 0.15
        process.communicate("\n")
