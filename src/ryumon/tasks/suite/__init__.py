"""The suite: cheap families of tasks on which improvers are measured, in fixed groups.

`suite.toml` is the one place that says which group a family belongs to and what its figures are. A *family* is a task
whose cases are drawn afresh from every seed; its folder is laid out as a user's own task. This module runs nothing.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import msgspec

from ryumon.errors import BadInput

Group = Literal["train", "validation", "sealed"]
GROUPS: tuple[Group, ...] = get_args(Group)
FOLDER = Path(__file__).parent


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A family's place in the suite and what a gain on it is measured against.

    `seed` and `reference`: mean test scores of the seed program and of the published heuristic `heuristic`, in the
    task's own direction and unit, as measured by `python -m benchmarks.suite --references`.
    """

    name: str
    group: Group
    seed: float
    reference: float
    heuristic: str
    source: str

    @property
    def folder(self) -> Path:
        """The task's folder."""
        return FOLDER / self.name.replace("-", "_")

    def gain(self, baseline: float, champion: float) -> float:
        """Returns the normalised gain: 0 for the seed's own score on the same cases, 1 for the reference's distance."""
        return (champion - baseline) / (self.reference - self.seed)


@cache
def every_family() -> tuple[Family, ...]:
    """Returns all families in the order of `suite.toml`, the sealed ones among them."""
    return tuple(msgspec.convert(tomllib.loads((FOLDER / "suite.toml").read_text("utf-8"))["family"], list[Family]))


def families(group: Group) -> tuple[Family, ...]:
    """Returns one group's families: whoever trains improvers asks for `train`, and never sees the sealed ones."""
    if group not in GROUPS:
        raise BadInput(f"unknown group {group!r} of the suite; there is: {', '.join(GROUPS)}")
    return tuple(family for family in every_family() if family.group == group)
