"""On which machines evaluations run. An engine carries requests to workers and brings their answers back."""

from typing import Protocol

from ryumon.engines.messages import Answer, Request, Seen


class Engine(Protocol):
    """Lanes of evaluator workers for one task. Safe to ask from many coroutines at once."""

    async def ask(self, request: Request, *, alone: bool = False, seen: Seen | None = None) -> Answer:
        """Returns a worker's answer. A worker that dies or outlasts its deadline answers as a failed evaluation.

        `seen` says whether a behaviour on the probe is known, and always the same. `alone` waits until no other
        evaluation runs on that machine. Cancelling it ends the worker's processes.
        """

    def candidates_cpu_s(self) -> float:
        """Returns the CPU seconds that candidates have used so far, those that are running included."""

    def close(self) -> float:
        """Ends every process of every lane; returns the CPU seconds that they have used. May be called again."""
