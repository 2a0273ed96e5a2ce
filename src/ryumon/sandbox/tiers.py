"""How strong a sandbox is, and which tasks it can serve. The order lives here and nowhere else."""

from typing import Literal

from ryumon.errors import SandboxError
from ryumon.task import TaskSpec

Tier = Literal["A+", "A", "V", "B", "C"]
# V is tier B in a container that somebody chose: no weaker, and nobody here has tried what the container promises.
_WEAKEST_FIRST: tuple[Tier, ...] = ("C", "B", "V", "A", "A+")
_WITHOUT_PROCESSES: tuple[Tier, ...] = ("B", "V")


def at_least(tier: Tier, floor: Tier) -> bool:
    """Returns whether `tier` is as strong as `floor`, or stronger."""
    return _WEAKEST_FIRST.index(tier) >= _WEAKEST_FIRST.index(floor)


def stronger(a: Tier, b: Tier) -> Tier:
    """Returns the stronger of two tiers."""
    return a if at_least(a, b) else b


def namespaced(tier: Tier) -> bool:
    """Returns whether roles and children have namespaces of their own."""
    return tier in ("A", "A+")


def mounted(tier: Tier) -> bool:
    """Returns whether candidates see a file tree that is put together for them."""
    return namespaced(tier) or tier == "V"


def allows_processes(tier: Tier) -> bool:
    """Returns whether candidates may start processes, where their task says so."""
    return tier not in _WITHOUT_PROCESSES


def check_serves(tier: Tier, spec: TaskSpec) -> None:
    """Raises `SandboxError` where candidates of this task start processes, and a tier has none."""
    needs = "[build]" if spec.build is not None else "run" if spec.run else ""
    needs = needs or (f"limits.processes = {spec.limits.processes}" if spec.limits.processes > 1 else "")
    if needs and not allows_processes(tier):
        raise SandboxError(
            f"task {spec.name}: its {needs} takes sandbox tier A or better, and this is tier {tier}, whose candidates "
            "start no process; `ryumon doctor` says how to reach tier A"
        )
