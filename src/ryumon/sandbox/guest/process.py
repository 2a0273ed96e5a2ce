"""A candidate that is a process: a command run in the work folder, its output taken in up to a limit; and builds.

What runs here is the candidate, under the child's own limits. Only one command runs at a time.
"""

import os
import select
import signal
import stat
from collections.abc import Mapping, Sequence

from .messages import Failed

_CHUNK = 1 << 16
_TOLD = 1500  # bytes at the end of the log that go with a failure


def output(command: Sequence[str], stdin: bytes, limit: int) -> bytes:
    """Returns what a command that ends with exit code 0 wrote to its standard output, at most `limit` bytes."""
    source, sink = os.pipe()
    reader, writer = os.pipe()
    pid = _started(command, source, writer)
    os.close(source)
    os.close(writer)
    found = _exchanged(sink, stdin, reader, limit)
    _await(pid, command[0])
    return found


def built(command: Sequence[str], sources: Mapping[bytes, bytes], limit: int) -> dict[str, bytes]:
    """Returns the files that a command left in the work folder, by path, beside the unchanged `sources`."""
    _await(_started(command, 0, 2), command[0])
    made: dict[str, bytes] = {}
    for folder, _, names in os.walk(b"."):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), b".")
            status = os.lstat(path)
            if not stat.S_ISREG(status.st_mode):
                continue
            limit -= status.st_size + len(path)
            if limit < 0:
                raise Failed("invalid", "the build left more than its claim_kb allow")
            with open(path, "rb") as file:
                content = file.read()
            if sources.get(path) == content:
                limit += status.st_size + len(path)
            else:
                made[os.fsdecode(path)] = content
    return made


def _started(command: Sequence[str], stdin: int, stdout: int) -> int:
    folder = os.getcwd()
    places = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, stdout, 1)]
    try:
        return os.posix_spawnp(
            command[0],
            list(command),
            {**os.environ, "HOME": folder, "TMPDIR": folder},
            file_actions=places,
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # which Python ignores
        )
    except OSError as error:
        raise Failed("error", f"{command[0]} cannot be started: {error.strerror}") from None


def _exchanged(sink: int, stdin: bytes, reader: int, limit: int) -> bytes:
    """Writes `stdin` and reads until the other end is closed, whichever is ready."""
    left = memoryview(stdin)
    found = bytearray()
    os.set_blocking(sink, False)
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    poll.register(sink, select.POLLOUT)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == sink:
                left = _written(sink, left)
                if not left:
                    poll.unregister(sink)
                    os.close(sink)
                continue
            part = os.read(reader, _CHUNK)
            found += part
            if len(found) > limit:
                raise Failed("invalid", f"the output is longer than {limit // 1024} kB")
            if not part:
                os.close(reader)
                if left:
                    os.close(sink)
                return bytes(found)


def _written(sink: int, left: memoryview) -> memoryview:
    """Returns what is still to be written; nothing where the program does not read on."""
    try:
        return left[os.write(sink, left) :] if left else left
    except BlockingIOError:
        return left
    except BrokenPipeError:
        return left[:0]


def _await(pid: int, name: str) -> None:
    """Waits for a command; raises `Failed` where it ended otherwise than with exit code 0."""
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        how = f"exit code {code}" if code > 0 else _signal(-code)
        status = "killed" if code == -signal.SIGKILL else "error"
        raise Failed(status, f"{name} ended with {how}\n{_last_words()}".rstrip())


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_words() -> str:
    """Returns the end of the log, which is the standard error."""
    size = os.fstat(2).st_size
    return os.pread(2, _TOLD, max(0, size - _TOLD)).decode("utf-8", "replace")
