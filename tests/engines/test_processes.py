"""CPU time is read off every process, whatever it calls itself."""

import subprocess
import sys

from ryumon.engines.processes import tree_cpu_s

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
        process.communicate("\n")
