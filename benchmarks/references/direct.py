"""A `Candidate` that is a Python function, for figures of trusted code: no sandbox, no copies, no limits."""

import importlib.util
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

from ryumon.task import Session

Function = Callable[..., Any]


class Direct:
    """Answers with `function`. With `solver`, what takes the driver's arguments and makes its claim, `drive` skips both
    the driver and the function."""

    def __init__(self, folder: Path, function: Function | None = None, solver: Function | None = None) -> None:
        self._folder, self.function, self._solver = folder, function, solver

    def call(self, target: str, *args: Any) -> Any:
        """Returns what the function returns."""
        assert self.function is not None
        return self.function(*args)

    def drive(self, driver: str, target: str, *args: Any) -> Any:
        """Returns what the driver returns for the function, or what the solver returns."""
        if self._solver is not None:
            return self._solver(*args)
        file, _, name = driver.partition(":")
        return getattr(module(self._folder / file), name)(self.function, *args)

    def session(self) -> AbstractContextManager[Session]:
        """No family needs it."""
        raise NotImplementedError

    def run(self, stdin: str | bytes = "", *, command: Sequence[str] = ()) -> Any:
        """No family needs it."""
        raise NotImplementedError


@cache
def module(file: Path) -> Any:
    """Returns a file as a module of its own, whatever else has its name."""
    spec = importlib.util.spec_from_file_location(f"direct_{file.parent.name}_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made
