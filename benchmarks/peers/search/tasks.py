"""The tasks that are searched: the shipped ones, and bin packing made short enough for it."""

import shutil
from pathlib import Path

import msgspec

from ryumon import supervisor
from ryumon.task import TaskFolder, read_task
from ryumon.tasks.suite import every_family

SHORT = {"bin-packing-1": "bin-packing"}  # by the task that each is made of
ONE_INSTANCE = '''"""Bin packing with the first of its train instances alone; all else is the shipped task's."""

from ryumon.tasks.bin_packing.task import BinPacking


class OneInstance(BinPacking):
    def cases(self, split, seed):
        found = super().cases(split, seed)
        return found[:1] if split == "train" else found
'''
MARKED = "# EVOLVE-BLOCK-START\n{}# EVOLVE-BLOCK-END\n"


def taken(name: str, place: Path) -> TaskFolder:
    """Returns a task by its name; what has to be made for it is made in the folder `place`, and must last."""
    task = read_task(supervisor.find_task(SHORT.get(name, name)))
    if name in SHORT:
        shutil.copytree(task.path, place / name)
        (place / name / "task.py").write_text(ONE_INSTANCE)
        spec = msgspec.structs.replace(task.spec, stages=())
        task = msgspec.structs.replace(task, path=place / name, spec=spec)
    return marked(task)


def marked(task: TaskFolder) -> TaskFolder:
    """Returns a task whose seed is marked whole as open to change, as ShinkaEvolve needs it; all arms start so."""
    (path,) = task.spec.editable
    return msgspec.structs.replace(task, seed=task.seed.with_file(path, MARKED.format(task.seed.files[path])))


def gain(name: str, baseline: float, score: float | None) -> float:
    """Returns the normalised gain: 0 for the seed's own score on the same cases, 1 for the reference's distance from
    the seed; 0 for a champion that failed."""
    if score is None:
        return 0.0
    for family in every_family():
        if family.name == name:
            return family.gain(baseline, score)
    reference = read_task(supervisor.find_task(SHORT.get(name, name))).spec.reference
    return (score - baseline) / (reference["FunSearch"] - reference["best fit"])
