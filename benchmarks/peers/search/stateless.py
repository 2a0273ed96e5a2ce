"""The one proposer of all arms: what `ryumon serve-model` answers, in process or over loopback, one draw a request.

Stateless: an answer depends on the request and on its number alone. Here too are improvers of ryumon's that ask it
instead of an editor of their own.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any, cast

import msgspec
import numpy as np

from ryumon.improvers.base import Brief, Known
from ryumon.improvers.chat.answer import answered
from ryumon.improvers.chat.prompt import Message, fenced
from ryumon.improvers.chat.server import Handler, Refused, Request, completion, server
from ryumon.improvers.mutate import Editor, Mutate
from ryumon.program import Program, Proposal

SHOWN = 2  # programs beside the parent in a request of ryumon's: as many as ShinkaEvolve shows


def draw(seed: int, number: int) -> int:
    """Returns the seed of a request, by its number in a run: a model asked the same twice does not answer the same."""
    return int.from_bytes(hashlib.sha256(f"{seed} request {number}".encode()).digest()[:6], "big")


def messages(parent: str, shown: Sequence[str]) -> list[Message]:
    """Returns the request for a child of `parent`, with other programs to take from."""
    others = "".join(f"# Inspiration\n```python\n{text.rstrip()}\n```\n" for text in shown)
    return [Message("user", f"{others}# Current Program\n```python\n{parent.rstrip()}\n```\n")]


def child(parent: str, shown: Sequence[str], seed: int, vocabulary: str) -> tuple[str, str] | None:
    """Returns the proposer's child of a text and the operator that made it; None where it made none."""
    answer = answered(messages(parent, shown), seed, 0, vocabulary)
    return (fenced(answer.text)[0].text, answer.operator) if answer.operator else None


class Proposer:
    """Stands where `mutate` has its editor: one request a proposal, no memory of earlier ones.

    The run's seed and `number`, that of the proposal, decide the draw.
    """

    def __init__(self, brief: Brief, seed: int) -> None:
        self._path, self._vocabulary, self._seed = brief.editable[0], brief.vocabulary, seed
        self.number = 0

    def propose(
        self,
        parent: Program,
        donor: Callable[[], Program | None],
        rng: np.random.Generator,
        parents: tuple[str, ...],
    ) -> Proposal:
        """Returns the child that the proposer makes, new or not."""
        shown = [program.files[self._path] for program in (donor() for _ in range(SHOWN)) if program is not None]
        made = child(parent.files[self._path], shown, draw(self._seed, self.number), self._vocabulary)
        if made is None:
            return Proposal(program=None, parents=parents, note="the proposer made none")
        return Proposal(program=parent.with_file(self._path, made[0]), parents=parents, operator=made[1])


class Selection(Mutate):
    """`mutate`'s archive and selection, with the stateless proposer for an editor, and no tuning.

    All is at its default but the parent rule: `weighted` spares who has had many children. A proposer without a memory
    repeats itself; `mutate`'s own editor does not.
    """

    def __init__(self, brief: Brief, known: Known, seed: int) -> None:
        super().__init__(brief, known, parents="weighted", bandit=False, tuning={"stale": 0})
        self._proposer = Proposer(brief, seed)
        self._editor = cast(Editor, self._proposer)  # of an editor, an improver wants `propose` alone

    def ask(self, i: int, rng: np.random.Generator) -> Proposal:
        """Returns the i-th proposal."""
        self._proposer.number = i
        return super().ask(i, rng)


class BestOfN:
    """Every request shows the seed alone."""

    def __init__(self, brief: Brief, known: Known, seed: int) -> None:
        self._proposer, self._seed = Proposer(brief, seed), brief.seed

    def ask(self, i: int, rng: np.random.Generator) -> Proposal:
        """Returns the i-th child of the seed."""
        self._proposer.number = i
        return self._proposer.propose(self._seed, lambda: None, rng, (self._seed.id,))

    def tell(self, evaluation: Any) -> None:
        """Learns nothing."""


class Endpoint:
    """The proposer over loopback for one run: `base` is its URL, `asked` how many requests it has answered, `refused`
    whether there was one more."""

    def __init__(self, seed: int, most: int) -> None:
        self.seed, self.most = seed, most
        self.base, self.asked, self.refused = "", 0, False

    def complete(self, request: Request, vocabulary: str) -> dict[str, Any]:
        """Returns the answer to the next request, by the draw of its number; raises `Refused` after the last."""
        if self.asked >= self.most:
            self.refused = True
            raise Refused(429, f"all {self.most} proposals of this run are made")
        number, self.asked = self.asked, self.asked + 1
        return completion(msgspec.structs.replace(request, seed=draw(self.seed, number), n=1), vocabulary)


@contextmanager
def endpoint(seed: int, most: int, vocabulary: str) -> Iterator[Endpoint]:
    """Serves `most` proposals on a free port of loopback until the end."""
    asked = Endpoint(seed, most)

    class Counting(Handler):
        def complete(self, request: Request) -> dict[str, Any]:
            return asked.complete(request, self.vocabulary)

    with server(0, vocabulary, Counting) as serving:
        asked.base = f"http://127.0.0.1:{serving.server_address[1]}/v1"
        thread = Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield asked
        finally:
            serving.shutdown()
            thread.join()
