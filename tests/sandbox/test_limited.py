"""What a role or zygote may use itself, before any limit of a candidate."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ryumon.sandbox import Sandbox, Tier, start_role, start_zygote, view
from ryumon.task import Limits

_BOUNDED = """
import json, os, resource, sys, tempfile
names = ("AS", "FSIZE", "CORE")
found = {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names}
try:
    bytearray(1 << 30)
except MemoryError:
    found["memory"] = "refused"
try:
    while True:
        os.write(2, bytes(1 << 20))
except OSError as error:
    found["stderr"] = error.strerror
os.write(int(sys.argv[1]), json.dumps(found).encode())
"""


@pytest.mark.usefixtures("confined")
@pytest.mark.parametrize("tier", ["A", "B", "C"])
def test_a_role_fills_neither_memory_nor_disk(tier: Tier) -> None:
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as errors:
        argv = ["-c", _BOUNDED, str(writer)]
        process = start_role(argv, tier=tier, pass_fds=[writer], memory_mb=1000, stderr=errors)
        os.close(writer)
        with open(reader) as pipe:
            found = json.load(pipe)
        assert process.wait(10) == 0
        assert os.fstat(errors.fileno()).st_size == 64 << 20
    assert found == {
        "AS": [1000 << 20] * 2,
        "FSIZE": [64 << 20] * 2,
        "CORE": [0, 0],
        "memory": "refused",
        "stderr": "File too large",
    }


@pytest.mark.parametrize(("soft", "hard"), [(50, None), (50, 60), (200, 200), (200, None)])
def test_a_limit_already_in_force_is_never_raised(soft: int, hard: int | None) -> None:
    script = Path(view.__file__).with_name("limited.py")
    asked = f"NOFILE={soft}" if hard is None else f"NOFILE={soft}:{hard}"
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    inner = [sys.executable, str(script), asked, "--", sys.executable, "-c", code]
    command = [sys.executable, str(script), "NOFILE=100:100", "--", *inner]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"({min(soft, 100)}, {100 if hard is None else min(hard, 100)})\n"


@pytest.mark.usefixtures("confined")
@pytest.mark.parametrize("tier", ["A", "C"])
def test_the_bound_on_a_zygotes_own_output_does_not_bound_a_childs_disk(tier: Tier) -> None:
    source = "def f():\n    with open('x', 'wb') as file: return sum(file.write(bytes(1 << 20)) for _ in range(80))"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = start_zygote(theirs.fileno(), tier=tier)
    with ours, Sandbox(ours).open({"a.py": source}, Limits(disk_mb=100)) as child:
        assert child.call("a.py:f", []).value == 80 << 20
    assert process.wait(10) == 0
