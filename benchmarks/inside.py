"""ryumon's own loop with every role in this one process: the same archive for a third of the CPU time.

    python -m benchmarks.inside FAMILY [--arm mutate:islands=1] [--budget 500ev] [--seed 0] [--test-seed 7]

prints the run's summary as JSON and keeps nothing else. **Protects nothing**: candidates are called here, with your
rights. It is for ablations over many runs, on the programs that `mutate` and the controls make of a task's own text and
vocabulary; a run says that its tier is C. Only for tasks of one Python file that need no process of their own. A test
holds its archive against the sandbox's.
"""

import argparse
import asyncio
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import msgspec
import numpy as np

from ryumon import registry, supervisor
from ryumon.archive.summary import Summary
from ryumon.comparison.bench import arm_of
from ryumon.engines.messages import Answer, Boot, Request, Seen
from ryumon.evaluation.worker import Judge, answered, load_task
from ryumon.improvers.base import Brief, Improver
from ryumon.improvers.client import ImproverClient
from ryumon.improvers.host import Forms, Host
from ryumon.improvers.messages import Open, Proposed
from ryumon.program import Program
from ryumon.sandbox import CandidateFailure, Claim, Ending, Sandbox, codec
from ryumon.sandbox.client import Usage
from ryumon.sandbox.guest.confine import address_space
from ryumon.score import Evaluation, Outline
from ryumon.store import SqlStore
from ryumon.store.base import Store
from ryumon.task import Limits, TaskFolder, read_task

Make = Callable[[Brief, Forms, int], Improver]


class _Late(BaseException):
    """The candidate's CPU time is over; no `except Exception` of a driver's holds it."""


class Child:
    """A program called in this process. Limits hold CPU time and memory; nothing holds anything else."""

    def __init__(self, files: Mapping[str, str], limits: Limits, drivers: str | None) -> None:
        self._files, self._limits, self._drivers = files, limits, drivers
        self._modules: dict[str, ModuleType] = {}
        self._cpu_s = 0.0
        random.seed(0)
        np.random.seed(0)

    def call(self, target: str, args: Sequence[Any]) -> Claim:
        """Returns the claim of `file.py:function` called with copies of `args`; raises `CandidateFailure`."""
        return self._claim(lambda copies: self._function(target)(*copies), args)

    def ask(self, target: str, args: Sequence[Any]) -> Any:
        """Returns the value alone of what `call` claims."""
        return self.call(target, args).value

    def drive(self, driver: str, target: str, args: Sequence[Any]) -> Claim:
        """Returns the claim of `drivers.py:function` called with the candidate's function and copies of `args`."""
        run = getattr(_loaded(self._drivers or "", "drivers"), driver.partition(":")[2])
        return self._claim(lambda copies: run(self._function(target), *copies), args)

    def close(self) -> Ending:
        """Returns what the calls have used."""
        return Ending("ok", "", Usage(self._cpu_s, self._cpu_s, 0.0), "")

    def _claim(self, answer: Callable[[list[Any]], Any], args: Sequence[Any]) -> Claim:
        start = time.process_time()
        try:
            with self._limited():
                encoded = codec.encode(answer(codec.decode(codec.encode(list(args)))))
        except _Late:
            raise CandidateFailure("cpu_limit", "its CPU time is over") from None
        except MemoryError:
            raise CandidateFailure("memory_limit", "ran out of memory") from None
        except codec.CodecError as error:
            raise CandidateFailure("invalid", f"the answer cannot be used: {error}") from None
        except Exception as error:  # noqa: BLE001 - whatever a candidate raises is its answer
            raise CandidateFailure("error", f"{type(error).__name__}: {error}") from None
        finally:
            self._cpu_s += time.process_time() - start
        if len(encoded) > self._limits.claim_kb * 1024:
            raise CandidateFailure("invalid", "the answer is too large")
        return Claim(codec.decode(encoded), encoded)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (address_space() + (self._limits.memory_mb << 20), most))
        signal.setitimer(signal.ITIMER_PROF, max(self._limits.cpu_s - self._cpu_s, 0.001))
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            resource.setrlimit(resource.RLIMIT_AS, (most, most))

    def _function(self, target: str) -> Callable[..., Any]:
        path, _, name = target.partition(":")
        if path not in self._modules:
            self._modules[path] = _module(self._files[path], path.removesuffix(".py"))
        function: Callable[..., Any] = getattr(self._modules[path], name)
        return function


class Here:
    """Stands where a lane's sandbox does."""

    def open(self, files: Mapping[str, str], limits: Limits, drivers: str | None = None, built: object = None) -> Child:
        """Returns a program to call."""
        return Child(files, limits, drivers)


class InsideEngine:
    """Evaluates in this process, one request after the other."""

    def __init__(self, task: TaskFolder) -> None:
        made = load_task(task.path)()
        made.spec, made.folder = task.spec, task.path
        self._folder = str(task.path)
        self._judge = Judge(made, Boot(str(task.path), task.spec, task.drivers), cast(Sandbox, Here()))
        hold_time()

    async def ask(self, request: Request, *, alone: bool = False, seen: Seen | None = None) -> Answer:
        """Returns the worker's answer."""
        await asyncio.sleep(0)
        return answered(self._judge, request, seen or (lambda behaviour: False))

    def candidates_cpu_s(self) -> float:
        """Returns nothing: a budget in CPU time is not for here."""
        return 0.0

    def close(self) -> float:
        """Forgets the task's modules. The loop counts this process's CPU time, which is all there is: none is added."""
        sys.path[:] = [place for place in sys.path if place != self._folder]
        for name in ("ryumon_task", "drivers"):
            sys.modules.pop(name, None)
        return 0.0


class InsideImprover(ImproverClient):
    """An improver in this process, which need not be registered; it holds no state to take up."""

    def __init__(self, opening: Open, make: Make) -> None:
        super().__init__(opening, "C")
        self._forms = Forms(opening.brief.language)
        self.seed_form = self._forms.form(opening.brief.seed)
        self._forms.add(self.seed_form)
        self._made = make(opening.brief, self._forms, opening.seed)
        self._host = Host(self._made, self._forms, opening.brief, opening.seed)

    async def know(self, forms: tuple[bytes, ...]) -> None:
        """Takes the forms of earlier proposals."""
        for form in forms:
            self._forms.add(form)

    async def tell(self, evaluation: Evaluation) -> None:
        """Tells what became of the next proposal."""
        self._made.tell(evaluation)

    async def ask(self, index: int) -> Proposed:
        """Returns the proposal of a number, marked where it is a duplicate; that is looked at after it was made."""
        return self._host.ask(index)

    async def export(self) -> bytes | None:
        """Exports nothing."""
        return None

    async def restore(
        self, state: bytes, past: Iterator[tuple[Outline, ...]], program: Callable[[str], Program]
    ) -> bool:
        """Takes up nothing."""
        return False


async def run(store: Store, task_name: str, settings: supervisor.Settings) -> Summary:
    """Runs a task to its verdict, every role in this process."""
    task = read_task(supervisor.find_task(task_name))
    opening = supervisor.opening(task, settings.improver, settings.options, settings.seed)
    improver = InsideImprover(
        opening, lambda brief, forms, _: registry.load("improvers", settings.improver)(brief, forms, **settings.options)
    )
    return await supervisor.start(
        store, task_name, settings, "C", lambda history: None, engine=InsideEngine(task), improver=improver
    )


def hold_time() -> None:
    """Has the clock of CPU time end what runs too long, in the main thread."""

    def late(*_: object) -> None:
        raise _Late

    signal.signal(signal.SIGPROF, late)


def _module(text: str, name: str) -> ModuleType:
    module = ModuleType(name)
    exec(compile(text, f"{name}.py", "exec"), module.__dict__)
    return module


_loaded = cache(_module)


def main() -> int:
    """Runs one arm at one seed and prints its summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task")
    parser.add_argument("--arm", default="mutate")
    parser.add_argument("--budget", default="500ev")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--test-seed", type=int)
    parser.add_argument("--name", default="inside")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    improver, options = arm_of(asked.arm)
    settings = supervisor.Settings(
        improver=improver,
        options=options,
        budget=asked.budget,
        seed=asked.seed,
        test_seed=asked.test_seed,
        workers=1,
        name=asked.name,
    )
    with tempfile.TemporaryDirectory() as place:
        summary = asyncio.run(run(SqlStore(Path(place)), asked.task, settings))
    print(msgspec.json.encode(summary).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
