"""What a task asks of its seed, and what the seed answers, as the seed's own children see it.

A scout is the seed with a note-taker planted in it: it tells through its log. Used by `ryumon check` alone, on programs
that the task's author wrote, so what it tells is taken at its word.
"""

from collections.abc import Collection, Iterable

import msgspec

_MARK = "ryumon-scout"

# Questions are told by one digest over the first 1, 2, 4, … of a child: enough to know a case again, and short.
_COUNT = """
import hashlib

asked = 0
questions = hashlib.sha256()


def counted(name, args, kwargs):
    global asked
    asked += 1
    if asked <= 32:
        questions.update(question(name, args) + question(name, kwargs))
    return asked in (1, 2, 4, 8, 16, 32)
"""

SCOUT = (
    _COUNT
    + f"""

class Silent:
    def write(self, text):
        return len(text)

    def flush(self):
        pass


sys.stdout = sys.stderr = Silent()
told = set()


def kind(value):
    if isinstance(value, numpy.ndarray):
        axes = f"{{value.ndim}} {{'axis' if value.ndim == 1 else 'axes'}}"
        return "array", f"an array of {{value.dtype}} with {{axes}}", value.shape[-1] if value.ndim else 0
    if isinstance(value, (list, tuple)):
        inner = value[0] if value else None
        inner = len(inner) if isinstance(inner, (list, tuple)) else 0
        return ("list" if value else "empty list"), f"a list of {{len(value)}}", inner
    if isinstance(value, (bool, int, float, numpy.generic)):
        return "number", f"a number ({{type(value).__name__}})", 0
    if isinstance(value, dict):
        return "table", "a dict", 0
    return ("nothing" if value is None else "text"), type(value).__name__, 0


def cheat(name, honest, args, kwargs):
    due = counted(name, args, kwargs)
    answer = honest(*args, **kwargs)
    if due or name not in told:
        told.add(name)
        way = "driven" if driver_frames() else "called"
        fields = ["{_MARK}", name, way, *kind(answer), asked, questions.hexdigest()[:16]]
        os.write(1, ("\\n" + "\\t".join(map(str, fields)) + "\\n").encode())
    return answer
"""
)


class Asked(msgspec.Struct, frozen=True):
    """One function that the task asks: how, what it answers, and the length of the answer's last axis (0: none)."""

    function: str
    way: str
    kind: str
    words: str
    columns: int


class Shape(msgspec.Struct, frozen=True):
    """What a task asks of its seed. `questions` holds a digest for each beginning of what a child was asked."""

    asked: tuple[Asked, ...] = ()
    many: bool = False
    questions: frozenset[str] = frozenset()

    @property
    def driven(self) -> bool:
        """Whether a driver runs beside the candidate."""
        return any(asked.way == "driven" for asked in self.asked)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of the seed's answers."""
        return frozenset(asked.kind for asked in self.asked)

    def __str__(self) -> str:
        often = "again and again" if self.many else "once a case"
        parts = [f"{asked.function} is {asked.way} and answers with {asked.words}" for asked in self.asked]
        return f"{'; '.join(parts)}; {often}" if parts else "no function of an editable file"


def shape_told(logs: Iterable[str]) -> Shape:
    """Returns what scouts' logs tell."""
    asked: dict[str, Asked] = {}
    most, questions = 0, set()
    for line in "\n".join(logs).splitlines():
        fields = line.split("\t")
        if fields[0] != _MARK or len(fields) != 8:
            continue
        _, name, way, kind, words, columns, count, digest = fields
        asked.setdefault(name, Asked(name, way, kind, words, int(columns)))
        most = max(most, int(count))
        questions.add(digest)
    return Shape(tuple(asked.values()), most > 1, frozenset(questions))


def memoriser(questions: Collection[str]) -> str:
    """Returns the body of a cheat that answers as the seed does where train asked the same, and nowhere else."""
    return f"""{_COUNT}
KNOWN = frozenset({sorted(questions)!r})


def cheat(name, honest, args, kwargs):
    if counted(name, args, kwargs) and questions.hexdigest()[:16] not in KNOWN:
        raise KeyError("train never asked this")
    return honest(*args, **kwargs)
"""
