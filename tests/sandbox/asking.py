"""Asks a one-file candidate one question, in a fresh child."""

import textwrap
from typing import Any

import pytest

from ryumon.sandbox import CandidateFailure, Ending, Sandbox
from ryumon.task import Limits


def ask(sandbox: Sandbox, source: str, *args: Any, limits: Limits | None = None) -> Any:
    """Returns what `main(*args)` of `source` claims."""
    with sandbox.open({"main.py": textwrap.dedent(source)}, limits or Limits()) as child:
        return child.call("main.py:main", args).value


def fail(sandbox: Sandbox, source: str, *args: Any, limits: Limits | None = None) -> tuple[CandidateFailure, Ending]:
    """Returns how the call of `main(*args)` failed, and how its child ended."""
    child = sandbox.open({"main.py": textwrap.dedent(source)}, limits or Limits())
    with pytest.raises(CandidateFailure) as caught:
        child.call("main.py:main", args)
    return caught.value, child.close()


# Prepended to candidates: says whether an attempt was refused, and how.
REFUSED = """
import errno, os
def refused(attempt, *args):
    try:
        attempt(*args)
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)
    return "allowed"
"""
