"""Starts a lane's zygote as another user, or with defences switched off. Run by `lanes`, never by hand.

Usage: python start.py PLAN, where PLAN is JSON: fd, tier, preload, hidden, off, paths, world.
"""

import json
import sys
from pathlib import Path
from typing import Any


def main(plan: dict[str, Any]) -> int:
    """Starts the zygote, and returns its exit code once it has ended."""
    sys.path[:0] = plan["paths"]
    from ryumon.sandbox import start_zygote
    from tests.sandbox.abuse.defences import START

    for name in plan["off"]:
        START[name](plan["world"])
    hidden = [Path(path) for path in plan["hidden"]]
    return start_zygote(plan["fd"], tier=plan["tier"], preload=plan["preload"], hidden=hidden).wait()


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
