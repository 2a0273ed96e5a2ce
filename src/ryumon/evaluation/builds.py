"""Builds of programs: the task's command runs in a sandbox of its own, and what it leaves goes to every case's child.

Each child gets a copy, so that no case can alter what another runs. Builds are kept in memory by the program's files,
while the toolchain and the command stay the same: as long as a worker lives. A compiler is as untrusted as what it is
given, and what it leaves is never looked at here.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from ryumon.sandbox import CandidateFailure, Sandbox
from ryumon.task import Build

_KEPT = 8
# How a build may fail in a way that another attempt would repeat.
_LASTING = ("error", "invalid")


class Built(msgspec.Struct, frozen=True):
    """What a build left, by path, or how it failed; and what it used and said, nothing where it is not new."""

    files: dict[str, bytes]
    failure: CandidateFailure | None
    cpu_s: float = 0.0
    log: str = ""


class Builder:
    """Builds programs of one task, each once while it is remembered."""

    def __init__(self, sandbox: Sandbox, build: Build) -> None:
        self._sandbox, self._build = sandbox, build
        self._kept: OrderedDict[bytes, Built] = OrderedDict()

    def built(self, files: Mapping[str, str], patience: float) -> Built:
        """Returns the build of a program, within the build's limits times `patience`."""
        key = hashlib.sha256(msgspec.msgpack.encode(sorted(files.items()))).digest()
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known
        made = self._made(files, patience)
        if made.failure is None or made.failure.status in _LASTING:
            self._kept[key] = msgspec.structs.replace(made, cpu_s=0.0, log="")
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made

    def _made(self, files: Mapping[str, str], patience: float) -> Built:
        child = self._sandbox.open(files, self._build.limits.scaled(patience))
        found: dict[str, bytes] = {}
        failure = None
        try:
            found = child.build(self._build.command)
        except CandidateFailure as error:
            reason = f"the build failed: {error.reason}"
            failure = CandidateFailure(error.status, reason, perhaps_outside=error.perhaps_outside)
        ending = child.close()
        return Built(found, failure, ending.usage.cpu_s, ending.log)
