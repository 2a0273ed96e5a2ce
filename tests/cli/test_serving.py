"""`serve-model` from its first line to Ctrl-C."""

import json
import signal
import subprocess
import sys
import urllib.request


def test_it_says_where_it_is_and_ends_quietly_on_interrupt() -> None:
    command = [sys.executable, "-m", "ryumon.cli", "serve-model", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        base = json.loads(running.stdout.readline())["base_url"]
        assert base.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{base}/models", timeout=30) as answer:
            assert json.load(answer)["object"] == "list"
        running.send_signal(signal.SIGINT)
        _, complaint = running.communicate()
        assert (running.returncode, complaint) == (0, "")
