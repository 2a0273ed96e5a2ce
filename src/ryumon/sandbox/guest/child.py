"""A sandboxed child: first confines itself, then loads a candidate and answers calls until its stream closes.

From the candidate's first line nothing here is trusted any more, and nothing here defends itself: the worker believes
no byte that it reads, and the kernel enforces the limits.
"""

import builtins
import contextlib
import importlib
import importlib.util
import os
import random
import sys
import traceback
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType, TracebackType
from typing import Any, NoReturn

from . import codec, messages, process
from .messages import Answer, Build, Call, Failed, Load, Run

STREAM = 3
_CHUNK = 1 << 13
_UNWRITTEN = "/box"  # where files that are nowhere on disk say that they are
_MEMORY = "ran out of memory: the limit is what it may add to the interpreter and the preloaded modules"


def serve(spec: messages.Spawn, folder: str | None, open_reserve: Callable[[], None]) -> NoReturn:
    """Answers requests on the stream; ends the process when the worker closes it."""
    os.write(STREAM, messages.READY)
    random.seed(0)
    candidate: Candidate | None = None
    requests = _Requests()
    while True:
        request = messages.to_child.decode(requests.frame())
        if isinstance(request, Load):
            candidate = Candidate(request, folder)
            continue
        assert candidate is not None
        status, payload, message = "ok", b"", ""
        try:
            payload = _claim(candidate, request, spec.claim_kb * 1024)
        except Failed as failure:
            status, message = failure.args
        except MemoryError:
            open_reserve()
            status, message = "memory_limit", _MEMORY
        # An error's text may hold surrogates, which no message carries.
        message = message.encode("utf-8", "backslashreplace").decode()[: messages.MESSAGE_CHARS]
        _flush()
        _write(messages.frame(Answer(request.nonce, status, payload, message)))  # type: ignore[arg-type]


def rehearse() -> None:
    """Does in the zygote what each child does first: code specialised before the clone is shared, not copied."""
    path, finders = list(sys.path), list(sys.meta_path)
    for _ in range(20):
        candidate = Candidate(Load((), None), None)
        candidate.texts["rehearsal.py"] = b"def main(x):\n    return x\n"
        call = messages.to_child.decode(messages.encode(Call(bytes(8), "rehearsal.py:main", codec.encode([1]))))
        assert isinstance(call, Call)
        messages.frame(Answer(call.nonce, "ok", _claim(candidate, call, 100)))
        del sys.modules["rehearsal"]
    sys.path[:], sys.meta_path[:] = path, finders


def prepare(drivers: bytes) -> None:
    """Loads drivers in the zygote, for each child that is sent the same; raises what they raise."""
    _prepared[drivers] = _loaded(drivers)


def _loaded(drivers: bytes) -> ModuleType:
    module = ModuleType("drivers")
    exec(compile(drivers, "drivers.py", "exec"), module.__dict__)
    return module


_prepared: dict[bytes, ModuleType] = {}


class Candidate:
    """The candidate's files, in its work folder where it has one, and the modules loaded from them."""

    def __init__(self, load: Load, folder: str | None) -> None:
        self._drivers = load.drivers and _prepared.get(load.drivers, load.drivers)
        for path, content in (*load.files, *load.built) if folder is not None else ():
            _write_file(os.path.join(os.fsencode(folder or ""), path), content)
        self.files = dict(load.files)
        self.texts = {path.decode("utf-8", "replace"): text for path, text in load.files}
        tops = {path.split("/")[0].removesuffix(".py") for path in self.texts}
        # Looking at every module's name would copy the pages that all of them lie on: a tenth of an evaluation.
        if any(top in sys.modules for top in tops):
            for name in [name for name in sys.modules if name.split(".")[0] in tops and name not in _KEPT]:
                del sys.modules[name]
        self._finder = _Finder(self.texts, folder or _UNWRITTEN)
        if folder is not None:
            sys.path.insert(0, folder)
        sys.meta_path.insert(0, self._finder)

    def function(self, target: str) -> Any:
        """Returns `file.py:function` of the candidate, its file imported on first use."""
        path, _, name = target.rpartition(":")
        return _attribute(self._module(path), name, target)

    def driver(self, target: str) -> Any:
        """Returns `drivers.py:function` of the task's drivers."""
        if isinstance(self._drivers, bytes):
            self._drivers = _loaded(self._drivers)
        if self._drivers is None:
            raise Failed("error", f"{target}: the task has no drivers.py")
        return _attribute(self._drivers, target.rpartition(":")[2], target)

    def _module(self, path: str) -> ModuleType:
        parts = path.removesuffix(".py").split("/")
        name = ".".join(parts)
        if name in sys.modules and name not in _KEPT:
            return sys.modules[name]
        if path not in self.texts:
            raise Failed("error", f"{path}: the program has no such file")
        if len(parts) > 1:
            return importlib.import_module(name)
        # What an import would do, without the locks and searches that cost more than the rest of a short call.
        spec = self._finder.find_spec(name)
        assert spec is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        self._finder.exec_module(module)
        return module


class _Finder:
    """Finds the candidate's own modules, by name and from memory, before any others of the same name."""

    def __init__(self, texts: dict[str, bytes], folder: str) -> None:
        self._texts = texts
        self._folder = folder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        stem = name.replace(".", "/")
        for file in (f"{stem}.py", f"{stem}/__init__.py"):
            if file in self._texts:
                spec = ModuleSpec(name, self, origin=f"{self._folder}/{file}", is_package=file != f"{stem}.py")  # type: ignore[arg-type]
                spec.has_location = True
                break
        else:
            if not any(file.startswith(f"{stem}/") for file in self._texts):
                return None
            spec = ModuleSpec(name, None, is_package=True)
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(f"{self._folder}/{stem}")
        return spec

    def get_source(self, name: str) -> str | None:
        """Returns a module's text, which tracebacks quote where no file holds it."""
        spec = self.find_spec(name)
        file = (spec.origin or "")[len(self._folder) + 1 :] if spec is not None else ""
        return self._texts[file].decode("utf-8", "replace") if file in self._texts else None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        assert module.__file__ is not None
        exec(compile(self._texts[module.__file__[len(self._folder) + 1 :]], module.__file__, "exec"), module.__dict__)


# Without these nothing could be imported at all.
_KEPT = {
    "sys",
    "builtins",
    "__main__",
    "_imp",
    "_frozen_importlib",
    "_frozen_importlib_external",
    __package__,
    __name__,
}


def _claim(candidate: Candidate, request: Call | Run | Build, limit: int) -> bytes:
    value = _value(candidate, request, limit)
    try:
        payload = codec.encode(value)
    except codec.CodecError as error:
        raise Failed("invalid", f"the answer cannot be used: {error}") from None
    if len(payload) > limit:
        raise Failed("invalid", f"the answer takes {len(payload)} bytes, more than the {limit} allowed")
    return payload


def _value(candidate: Candidate, request: Call | Run | Build, limit: int) -> Any:
    if isinstance(request, Call):
        return _called(candidate, request, codec.decode(request.args))
    try:
        if isinstance(request, Run):
            return process.output(request.command, request.stdin, limit)
        return process.built(request.command, candidate.files, limit)
    except OSError as error:
        raise Failed("error", f"{type(error).__name__}: {error}") from None


def _called(candidate: Candidate, call: Call, args: list[Any]) -> Any:
    try:
        function = candidate.function(call.target)
        if call.driver is not None:
            return candidate.driver(call.driver)(function, *args)
        return function(*args)
    except (Failed, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a candidate raises, sys.exit included, is its answer
        raise Failed("error", _told(error)) from None


def _attribute(module: ModuleType, name: str, target: str) -> Any:
    function = getattr(module, name, None)
    if not callable(function):
        raise Failed("error", f"{target}: the file defines no such function")
    return function


def _told(error: BaseException) -> str:
    """Returns `Type: message`, then the end of the traceback without this file's frames."""
    try:
        first = f"{type(error).__name__}: {error}"[: messages.MESSAGE_CHARS // 2]
    except Exception:  # noqa: BLE001 - the candidate's own __str__
        first = type(error).__name__
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    try:
        lines = "".join(traceback.format_tb(trace, -20))[-messages.MESSAGE_CHARS // 2 + 1 :]
    except Exception:  # noqa: BLE001 - source lines come from files that the candidate may have changed
        lines = ""
    return f"{first}\n{lines}".rstrip()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # The candidate may have closed or replaced it, or filled the log.
        with contextlib.suppress(Exception):
            stream.flush()


class _Requests:
    """The frames on the stream, as few reads as they arrive in."""

    def __init__(self) -> None:
        self._read = b""

    def frame(self) -> bytes:
        """Returns the next frame's content; ends the process where the worker is gone."""
        self._need(messages.HEADER)
        end = messages.HEADER + int.from_bytes(self._read[: messages.HEADER], "big")
        self._need(end)
        body, self._read = self._read[messages.HEADER : end], self._read[end:]
        return body

    def _need(self, count: int) -> None:
        if len(self._read) >= count:
            return
        parts, have = [self._read], len(self._read)
        while have < count:
            part = os.read(STREAM, max(_CHUNK, count - have))
            if not part:
                os._exit(0)
            parts.append(part)
            have += len(part)
        self._read = b"".join(parts)


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(STREAM, view) :]


def _write_file(path: bytes, text: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        descriptor = os.open(path, flags, 0o700)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(path, flags, 0o700)
    with builtins.open(descriptor, "wb") as file:
        file.write(text)
