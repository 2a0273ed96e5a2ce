"""The improver's process: hosts one improver, knows the normal form of every proposal, speaks to the supervisor alone.

It parses program text and never runs it. Run by the supervisor as `python -m ryumon.improvers.host FD`.
"""

import gc
import socket
import sys
from collections.abc import Collection, Iterator, Sequence

import msgspec
import numpy as np

from ryumon import registry
from ryumon.errors import BadInput, RyumonError
from ryumon.improvers.base import Brief, Improver, Restorable
from ryumon.improvers.messages import (
    Ask,
    Broken,
    Export,
    Exported,
    Known,
    Open,
    Opened,
    Programs,
    Proposed,
    Recall,
    Request,
    Restore,
    Restored,
    Tell,
    Wanted,
)
from ryumon.improvers.normal import normal_form
from ryumon.program import Program, checked, outside
from ryumon.score import Outline
from ryumon.wire import Channel, one_line

WANTED_AT_ONCE = 128  # programs in a frame, of which each may be as large as a program can be


class Forms:
    """The normal forms of all proposals so far."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._seen: set[bytes] = set()
        self._latest: tuple[Program, bytes] | None = None

    def form(self, program: Program) -> bytes:
        """Returns the digest of the program's normal form, which is asked for twice in a row: by improver and host."""
        if self._latest is None or self._latest[0] is not program:
            self._latest = program, normal_form(program, self._language)
        return self._latest[1]

    def seen(self, program: Program) -> bool:
        """Returns whether an earlier proposal, or the seed, equals `program` in normal form."""
        return self.form(program) in self._seen

    def add(self, form: bytes) -> bool:
        """Takes a form in; returns whether it was new."""
        new = form not in self._seen
        self._seen.add(form)
        return new


class Host:
    """One improver and the checks that hold for every improver."""

    def __init__(self, improver: Improver, forms: Forms, brief: Brief, seed: int) -> None:
        self._improver, self._forms, self._brief, self._seed = improver, forms, brief, seed

    def ask(self, index: int) -> Proposed:
        """Returns the improver's proposal, with `duplicate` set here and edits outside the task's files refused."""
        proposal = self._improver.ask(index, np.random.default_rng((self._seed, index)))
        if proposal.program is None:
            return Proposed(index, proposal, b"")
        refused = self._refusal(proposal.program)
        if refused:
            return Proposed(index, msgspec.structs.replace(proposal, program=None, note=refused), b"")
        form = self._forms.form(proposal.program)
        return Proposed(index, msgspec.structs.replace(proposal, duplicate=not self._forms.add(form)), form)

    def _refusal(self, program: Program) -> str:
        try:
            checked(program.files)
        except BadInput as error:
            return str(error)
        changed = outside(program, self._brief.seed, self._brief.editable)
        return f"changes {', '.join(changed)}, which the task does not make editable" if changed else ""


class Remembered:
    """What was told before a snapshot, as the supervisor tells it over a channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel, self._last = channel, False

    def outlines(self) -> Iterator[Outline]:
        """Yields what was told, in brief and in order."""
        while not self._last:
            part: Recall = self._channel.receive()
            self._last = part.last
            yield from part.outlines

    def programs(self, ids: Collection[str]) -> dict[str, Program]:
        """Returns programs by id, from the supervisor."""
        found: dict[str, Program] = {}
        rest = list(dict.fromkeys(ids))
        self.skip()
        for place in range(0, len(rest), WANTED_AT_ONCE):
            self._channel.send(Wanted(tuple(rest[place : place + WANTED_AT_ONCE])))
            answer: Programs = self._channel.receive()
            found.update(answer.programs)
        return found

    def skip(self) -> None:
        """Reads what is left of the outlines."""
        for _ in self.outlines():
            pass


def _exported(improver: Improver) -> Exported:
    state = improver.export() if isinstance(improver, Restorable) else None
    return Exported(msgspec.msgpack.encode(state) if state is not None else None)


def _restored(improver: Improver, state: bytes, channel: Channel) -> Restored:
    past = Remembered(channel)
    try:
        if not isinstance(improver, Restorable):
            raise BadInput("the improver exports no state")
        improver.restore(msgspec.msgpack.decode(state), past)
    except EOFError:
        raise
    except Exception as error:  # noqa: BLE001  a state of other code may break this one anywhere; it is reported
        past.skip()
        return Restored(one_line(f"{type(error).__name__}: {error}"))
    past.skip()
    return Restored("")


def _opened(channel: Channel) -> tuple[Host, Forms, Improver]:
    opening: Open = channel.receive()
    forms = Forms(opening.brief.language)
    improver = registry.load("improvers", opening.improver)(opening.brief, forms, **opening.options)
    seed_form = forms.form(opening.brief.seed)
    forms.add(seed_form)
    channel.send(Opened(seed_form))
    return Host(improver, forms, opening.brief, opening.seed), forms, improver


def main(arguments: Sequence[str]) -> None:
    """Serves until the supervisor hangs up."""
    # A parsed text is some hundred objects, so the usual thresholds look through every cached one at each ask.
    gc.set_threshold(20_000, 20, 50)
    channel = Channel(socket.socket(fileno=int(arguments[0])), Request)
    try:
        host, forms, improver = _opened(channel)
        while True:
            request: Request = channel.receive()
            match request:
                case Ask(index):
                    channel.send(host.ask(index))
                case Tell(evaluation):
                    improver.tell(evaluation)
                case Known(known):
                    for form in known:
                        forms.add(form)
                case Export():
                    channel.send(_exported(improver))
                case Restore(state):
                    channel.send(_restored(improver, state, channel))
                    gc.freeze()  # a million entries that stay need not be looked through again and again
    except EOFError:
        return
    except Exception as error:  # an improver is replaceable code: whatever it raises ends its run with one line
        what = str(error) if isinstance(error, RyumonError) else f"{type(error).__name__}: {error}"
        channel.send(Broken(what))
        raise


if __name__ == "__main__":
    main(sys.argv[1:])
