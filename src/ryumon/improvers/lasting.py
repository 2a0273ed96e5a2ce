"""An improver that outlives its process: where that dies, a fresh one is told again all that the first had been told.

An improver's state changes in `tell` alone, so that the proposals are the same. Restarts for dead processes only: an
improver that raised, hung or broke the protocol would do so again.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ryumon.archive.journal import Journal, stored_evaluations
from ryumon.errors import RoleError, RoleGone
from ryumon.improvers.client import ImproverClient
from ryumon.improvers.messages import Proposed
from ryumon.program import Program
from ryumon.score import Evaluation
from ryumon.store.records import Evaluated

ATTEMPTS = 3
T = TypeVar("T")


class LastingImprover:
    """One run's improver. `lookahead` bounds the proposals that are not yet in the journal."""

    def __init__(self, client: ImproverClient, journal: Journal, lookahead: int) -> None:
        self._client, self._journal = client, journal
        self._told = 0
        self._forms: deque[bytes] = deque(maxlen=lookahead + 2)

    @property
    def seed_form(self) -> bytes:
        """The digest of the seed's normal form."""
        return self._client.seed_form

    async def know(self, forms: tuple[bytes, ...]) -> None:
        """Hands over the normal forms of earlier proposals."""
        await self._surely(lambda: self._client.know(forms))

    async def tell(self, record: Evaluated, program: Program | None) -> None:
        """Tells what became of the next proposal in order; the seed comes first."""
        await self._surely(lambda: self._client.tell(_evaluation(record, program)))
        self._told += 1

    async def ask(self, index: int) -> Proposed:
        """Returns the proposal of a number; raises `RoleError` where the improver broke, or dies again and again."""
        proposed = await self._surely(lambda: self._client.ask(index))
        self._forms.append(proposed.form)
        return proposed

    def close(self) -> float:
        """Ends the process; returns the CPU seconds that it and those before it have used. May be called again."""
        return self._client.close()

    async def _surely(self, request: Callable[[], Awaitable[T]]) -> T:
        for _ in range(ATTEMPTS):
            try:
                return await request()
            except RoleGone:
                await self._revive()
        raise RoleError(f"the improver's process died {ATTEMPTS} times in a row; `ryumon resume` tries again")

    async def _revive(self) -> None:
        await self._journal.settle()
        await self._client.restart()
        forms, left = list(self._forms), self._told
        try:
            for record in stored_evaluations(self._journal.store, self._journal.history.run):
                forms.append(record.form)
                if left:
                    await self._client.tell(_evaluation(record, self._journal.program(record)))
                    left -= 1
            await self._client.know(tuple(form for form in forms if form))
        except RoleGone:
            return  # the request that follows finds it dead again


def _evaluation(record: Evaluated, program: Program | None) -> Evaluation:
    names = Evaluation.__struct_fields__
    fields = {name: getattr(record, name) for name in names if name != "program"}
    return Evaluation(program=program, **fields)
