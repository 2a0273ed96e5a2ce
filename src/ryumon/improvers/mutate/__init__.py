"""`mutate`: improves programs by edits of their syntax, with no model."""

from ryumon.improvers.mutate.editor import OPERATORS, Editing, Editor
from ryumon.improvers.mutate.improver import Mutate, Settings

__all__ = ["OPERATORS", "Editing", "Editor", "Mutate", "Settings"]
