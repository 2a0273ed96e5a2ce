"""Same archive whatever the workers, and after kill -9 at random moments; an audit that notices one changed byte.

Run: python benchmarks/repeatability.py [--task job-shop] [--budget 300ev] [--seed 0] [--kills 3]
Prints what was compared, and exits with 1 where anything differs. Last result: see docs/results/running.md.
"""

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RYUMON = [sys.executable, "-m", "ryumon.cli"]


def said(*arguments: str, check: bool = True) -> Any:
    """Returns what a command prints as JSON, None where it fails and `check` is off."""
    done = subprocess.run([*RYUMON, *arguments, "--json"], capture_output=True, text=True, check=check)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def killed_and_resumed(start: list[str], name: str, place: str, kills: int, span: float, rng: random.Random) -> int:
    """Runs to the end through `kills` deaths at random moments within `span` seconds; returns how many hit."""
    hits = 0
    command = [*RYUMON, *start]
    for _ in range(kills):
        with subprocess.Popen([*command, "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(rng.uniform(0.3, 1.0) * span / (kills + 1))
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                hits += 1
        started = said("runs", "--store", place, check=False)
        if started and any(run["run"] == name for run in started["runs"]):
            command = [*RYUMON, "resume", name, "--store", place]
    subprocess.run([*command, "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return hits


def one_byte_changed(place: str, name: str, rng: random.Random) -> int:
    """Changes one byte of one event's body, and returns that event's number."""
    with sqlite3.connect(Path(place) / "store.db") as raw:
        rows = raw.execute("SELECT seq, body FROM events WHERE run = ?", (name,)).fetchall()
        seq, body = rng.choice(rows)
        changed = bytearray(body)
        changed[rng.randrange(len(changed))] ^= 1
        raw.execute("UPDATE events SET body = ? WHERE run = ? AND seq = ?", (bytes(changed), name, seq))
    return int(seq)


def main() -> int:
    """Runs the comparison and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="job-shop")
    parser.add_argument("--budget", default="300ev")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--kills", type=int, default=3)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    good = True
    with tempfile.TemporaryDirectory() as place:
        common = [
            "run",
            asked.task,
            "--budget",
            asked.budget,
            "--seed",
            asked.seed,
            "--test-seed",
            "1",
            "--store",
            place,
        ]
        exports, span = {}, 0.0
        for workers in ("1", "2", "4"):
            began = time.monotonic()
            said(*common, "--workers", workers, "--name", f"w{workers}")
            span = time.monotonic() - began
            exports[workers] = said("export", f"w{workers}", "--store", place)["programs"]
        same = exports["1"] == exports["2"] == exports["4"]
        print(f"{asked.task}, {asked.budget}: same archive of {len(exports['1'])} with 1, 2 and 4 workers: {same}")
        hits = killed_and_resumed([*common, "--name", "killed"], "killed", place, asked.kills, span, rng)
        again = said("export", "killed", "--store", place)["programs"] == exports["1"]
        intact = said("audit", "killed", "--store", place) is not None
        print(f"killed {hits} times: same archive: {again}; audit passes: {intact}")
        seq = one_byte_changed(place, "killed", rng)
        noticed = said("audit", "killed", "--store", place, check=False) is None
        print(f"one byte of event {seq} changed: audit fails: {noticed}")
        good = same and again and intact and noticed
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
