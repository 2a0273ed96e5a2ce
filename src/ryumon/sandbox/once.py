"""One call in a sandbox of its own, for a person to try: what `ryumon sandbox FILE` does."""

import socket
from collections.abc import Mapping
from typing import Any

from ryumon.sandbox.client import CandidateFailure, Ending, Sandbox
from ryumon.sandbox.confinement import start_zygote
from ryumon.sandbox.tiers import Tier
from ryumon.task import Limits


def run_once(files: Mapping[str, str], target: str, limits: Limits, tier: Tier) -> tuple[Any, Ending]:
    """Returns the claim of `file.py:function` called without arguments, None unless it ended well, and how it ended."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            zygote = start_zygote(theirs.fileno(), tier=tier, preload=("numpy",), most=[limits])
        try:
            child = Sandbox(ours).open(files, limits)
            claim = None
            try:
                claim = child.call(target, ()).value
            except CandidateFailure as failure:
                ending = child.close()
                return None, Ending(failure.status, failure.reason, ending.usage, ending.log)
            return claim, child.close()
        finally:
            zygote.kill()
            zygote.wait()
