"""`sandbox`, `doctor`: what this machine offers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from ryumon.cli.options import DEFAULTS, Backend, Common, Unsafe, say

if TYPE_CHECKING:
    from ryumon.sandbox import Missed


def sandbox(
    file: Annotated[Path, Parameter(help="A Python file that defines main().")],
    /,
    *,
    tier: Annotated[str | None, Parameter(help="Refuse to run below this sandbox tier.")] = None,
    backend: Annotated[Backend, Parameter(name="--sandbox")] = None,
    unsafe_no_sandbox: Unsafe = False,
    common: Common = DEFAULTS,
) -> int:
    """Run main() of FILE in the sandbox and print its claim, log, status, usage and tier."""
    import msgspec

    from ryumon.errors import BadInput
    from ryumon.sandbox import allows_processes
    from ryumon.sandbox.once import run_once
    from ryumon.supervisor import admitted_tier
    from ryumon.task import Limits

    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: cannot be read as text: {error}") from error
    chosen = admitted_tier(least=tier, unsafe=unsafe_no_sandbox, backend=backend)
    processes = 64 if allows_processes(chosen) else 1
    limits = Limits(cpu_s=10, wall_s=10, memory_mb=1024, processes=processes, disk_mb=64, claim_kb=1024)
    claim, ending = run_once({"main.py": text}, "main.py:main", limits, chosen)
    record = {
        "claim": _plain(claim),
        "log": ending.log,
        "status": ending.status,
        "usage": msgspec.structs.asdict(ending.usage),
        "tier": chosen,
    }
    usage = ending.usage
    text = (
        f"status {ending.status}  {ending.reason}\nclaim  {claim!r}\n"
        f"usage  {usage.cpu_s:.3f} CPU-s, {usage.wall_s:.3f} s, {usage.max_rss_mb:.0f} MB, tier {chosen}\n"
        f"log\n{ending.log}"
    )
    say(common, record, text.rstrip())
    return 0


def doctor(*, common: Common = DEFAULTS) -> int:
    """Say what this machine offers: the sandbox tier and how to reach the next, model keys, GPU, store."""
    import os
    import platform
    import shutil

    from ryumon import __version__
    from ryumon.sandbox import preflight
    from ryumon.store.sql import DEFAULT

    found = preflight()
    keys = [name for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY") if os.environ.get(name)]
    gpu = "nvidia-smi found" if shutil.which("nvidia-smi") else "none found"
    place = Path(common.store or DEFAULT)
    store = f"{place} ({'there' if (place / 'store.db').exists() else 'made by the first run'})"
    record = {
        "version": __version__,
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "tier": found.tier,
        "missed": found.missed,
        "providers": keys,
        "gpu": gpu,
        "store": str(place),
    }
    lines = [
        f"ryumon   {__version__}, Python {platform.python_version()}, {record['cores']} cores",
        f"sandbox  tier {found.tier}"
        if found.tier != "C"
        else "sandbox  none works: only --unsafe-no-sandbox would run",
        *(f"         {line}" for missed in found.missed for line in _why_not(missed)),
        f"models   {', '.join(keys) if keys else 'no key found; none is needed'}",
        f"gpu      {gpu}",
        f"store    {store}",
    ]
    say(common, record, "\n".join(lines))
    return 0


def _why_not(missed: "Missed") -> list[str]:
    """Returns lines that say why a tier does not work here, and what to run to reach it."""
    first, *others = missed.commands
    lines = [f"not tier {missed.tier}: {'; '.join(missed.reasons)}", f"  to reach it: {first}"]
    return [*lines, *(f"           or: {command}" for command in others)]


def _plain(value: Any) -> Any:
    """Returns a claim as JSON can hold it: arrays as lists, bytes as hexadecimal."""
    import numpy as np

    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value.hex() if isinstance(value, bytes) else value
