"""Takes what is too like a recent program for known, so that it is not evaluated. Parses; the improver's role alone."""

from collections.abc import Iterator

from ryumon.archive.novelty import Novelty, signature
from ryumon.improvers.base import Brief, Known
from ryumon.improvers.mutate.language import language
from ryumon.improvers.mutate.syntax import parse
from ryumon.program import Program

REMEMBERED = 512


class NovelOnly:
    """The proposals known to `known`, and whatever is more like one of the last 512 told than `threshold` allows.

    Likeness is `novelty`'s, over node kinds and leaf texts in preorder; 1 forbids only what has the same n-grams.
    """

    def __init__(self, brief: Brief, known: Known, threshold: float) -> None:
        self._brief, self._known, self._threshold = brief, known, threshold
        self._language = language(brief.language)
        self._recent = Novelty(REMEMBERED)

    def seen(self, program: Program) -> bool:
        """Returns whether a program was proposed before, or is too like a recent one."""
        if self._known.seen(program):
            return True
        return self._recent.nearest(signature(list(self._tokens(program)))) >= self._threshold

    def tell(self, program: Program) -> None:
        """Remembers a program that was evaluated."""
        self._recent.add(signature(list(self._tokens(program))))

    def _tokens(self, program: Program) -> Iterator[str]:
        for path in self._brief.editable:
            text = program.files.get(path)
            source = parse(text, self._language.name) if text and path.endswith(self._language.suffixes) else None
            if source is None:
                yield text or ""
                continue
            for node in source.nodes:
                if node.kind != self._language.comment:
                    yield node.kind if node.children else source.of(node)
