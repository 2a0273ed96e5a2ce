"""Keys are not stored or shown: what looks like one, or is one of this process's own, becomes `[redacted]`.

Two choke points use it: `Journal.append`, before an event is stored, and the command line, before anything is printed.
The text of a program is never altered, since its id is its hash; one that holds a key is refused before it is judged.
What this does not see: a key in pieces, cut short by a limit on a text's length, or encoded in some way.
"""

import os
import re
from collections.abc import Mapping
from typing import Any

import msgspec

REDACTED = "[redacted]"
SHORTEST_VALUE = 8  # below that, an environment's value is a word such as "none", not a key


class Shape(msgspec.Struct, frozen=True):
    """A kind of key: what to call it, what it always holds, and its whole.

    The pattern is tried only where one of the `marks` is, and takes time linear in a text, which may be hostile.
    """

    kind: str
    marks: tuple[str, ...]
    pattern: str


SHAPES = (
    # Not a name such as sk-learn-extra, which is words alone; not within a word such as task-.
    Shape(
        "an API key (sk-...)",
        ("sk-",),
        r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))sk-(?!(?:[a-z]{1,15}-){0,8}[a-z]{1,15}(?![A-Za-z0-9_-]))[A-Za-z0-9_-]{16,}",
    ),
    Shape("a Google API key", ("AIza",), r"AIza[A-Za-z0-9_-]{30,}"),
    Shape(
        "a GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}",
    ),
    Shape("a Slack token", ("xox",), r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    Shape("an AWS access key", ("AKIA", "ASIA"), r"A[KS]IA[0-9A-Z]{16}"),
    Shape("a Hugging Face token", ("hf_",), r"hf_[A-Za-z0-9]{30,}"),
    Shape("a bearer token", ("earer",), r"[Bb]earer[ \t]{1,4}[A-Za-z0-9._~+/-]{20,}={0,2}"),
    Shape(
        "a private key",
        ("PRIVATE KEY-----",),
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?s:.)*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
    ),
)
_SECRET_NAME = re.compile(r"(?:^|_)(?:API_?KEY|ACCESS_KEY|SECRET_KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)


class Redactor:
    """Finds keys of known shapes, and the values that `environment` holds under names such as `OPENAI_API_KEY`."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        values = {
            value.strip()
            for name, value in environment.items()
            if _SECRET_NAME.search(name) and len(value.strip()) >= SHORTEST_VALUE
        }
        own = [Shape("a key of this environment", (value,), re.escape(value)) for value in values]
        own.sort(key=lambda shape: -len(shape.pattern))  # one that holds another goes first
        self._shapes = [(shape.kind, shape.marks, re.compile(shape.pattern)) for shape in (*own, *SHAPES)]
        marks = [mark for shape in (*own, *SHAPES) for mark in shape.marks]
        self._encoded = [mark.encode("utf-8", "surrogateescape") for mark in marks]

    def kind(self, text: str) -> str | None:
        """Returns what kind of key is in a text, in words; None where there is none."""
        for kind, marks, pattern in self._shapes:
            if any(mark in text for mark in marks) and pattern.search(text) is not None:
                return kind
        return None

    def text(self, text: str) -> str:
        """Returns a text with every key in it replaced."""
        for _, marks, pattern in self._shapes:
            if any(mark in text for mark in marks):
                text = pattern.sub(REDACTED, text)
        return text

    def body(self, body: bytes) -> bytes:
        """Returns a MessagePack body with every key in its strings replaced; the very same where no mark is in it."""
        if not any(mark in body for mark in self._encoded):
            return body
        return msgspec.msgpack.encode(self.plain(msgspec.msgpack.decode(body)))

    def plain(self, value: Any) -> Any:
        """Returns plain data with every key in its strings replaced."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.plain(item) for item in value]
        if isinstance(value, dict):
            return {self.plain(name): self.plain(item) for name, item in value.items()}
        return value


def held_key(files: Mapping[str, str], redactor: Redactor) -> str | None:
    """Returns which file of a program holds what kind of key, in words that do not repeat it; None where none does."""
    for path, text in files.items():
        kind = redactor.kind(text) or redactor.kind(path)
        if kind is not None:
            return f"{redactor.text(path)} holds what looks like {kind}; programs are stored, so take it out"
    return None
