"""One random edit of the program in a prompt, in the form that the prompt asks for. Deterministic in the request."""

import hashlib
from collections.abc import Sequence

import msgspec
import numpy as np

from ryumon.improvers.base import Brief
from ryumon.improvers.chat.patch import search_replace
from ryumon.improvers.chat.prompt import Message, Wanted, wanted
from ryumon.improvers.host import Forms
from ryumon.improvers.mutate import Editing, Editor
from ryumon.program import MAX_BYTES, Program

FILE = "program.py"
NOTHING = "The prompt holds no Python program that I can edit."
TRIES = 40
PROGRAMS_READ = 8  # the others are not looked at: a prompt may hold thousands of fenced blocks


class Answer(msgspec.Struct, frozen=True):
    """What to say, and by which operator the edit came about; "" where there was nothing to edit."""

    text: str
    operator: str = ""


def answered(messages: Sequence[Message], seed: int, choice: int, vocabulary: str) -> Answer:
    """Returns the answer to a chat. The draw derives from the messages, `seed` and the number of the choice alone."""
    asked = wanted(messages)
    words = msgspec.json.encode([[(message.role, message.text) for message in messages], seed, choice])
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(words).digest(), "big"))
    texts = [text for text in asked.programs[:PROGRAMS_READ] if len(text) <= MAX_BYTES // 4]
    for text in texts[:1] if asked.certain and asked.form == "diff" else texts:
        made = edited(text, [other for other in texts if other is not text], rng, vocabulary)
        if made is not None:
            return Answer(_written(asked, text, *made), made[1])
    return Answer(NOTHING)


def edited(text: str, others: Sequence[str], rng: np.random.Generator, vocabulary: str) -> tuple[str, str] | None:
    """Returns a text after one edit by one of `mutate`'s operators and that operator's name; None where it does not
    parse or has nothing to edit. Grafts come from `others`, or from the text itself; none of them is given back."""
    parent = Program({FILE: text})
    brief = Brief(
        task="chat",
        direction="maximize",
        text="",
        language="python",
        editable=(FILE,),
        vocabulary=vocabulary,
        seed=parent,
    )
    forms = Forms("python")
    for shown in (text, *others):
        forms.add(forms.form(Program({FILE: shown})))
    editor = Editor(brief, forms, Editing(more=0.0, tries=TRIES))
    if editor.view(text) is None:
        return None
    donors = [Program({FILE: other}) for other in others if editor.view(other) is not None] or [parent]
    proposal = editor.propose(parent, lambda: donors[int(rng.random() * len(donors))], rng, ())
    return None if proposal.program is None else (proposal.program.files[FILE], proposal.operator)


def _written(asked: Wanted, before: str, after: str, operator: str) -> str:
    """Returns an edit in the form asked for; a full rewrite where no diff can say it."""
    blocks = search_replace(before, after) if asked.form == "diff" else None
    body = f"```python\n{after.rstrip()}\n```" if blocks is None else blocks
    said = f"One edit by the operator {operator!r}, drawn at random."
    if not asked.named:
        return f"{said}\n\n{body}\n"
    tag = "CODE" if blocks is None else "DIFF"
    return f"<NAME>\n{operator}\n</NAME>\n\n<DESCRIPTION>\n{said}\n</DESCRIPTION>\n\n<{tag}>\n{body}\n</{tag}>\n"
