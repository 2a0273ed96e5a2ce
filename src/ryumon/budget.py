"""What may be spent and what was: `Budget`, `Cost` and the `Ledger` that keeps the second inside the first."""

import re

import msgspec

from ryumon.errors import BadInput

_UNITS = {
    "ev": ("evaluations", 1.0),
    "s": ("wall_s", 1.0),
    "m": ("wall_s", 60.0),
    "h": ("wall_s", 3600.0),
    "d": ("wall_s", 86400.0),
    "cpu-s": ("cpu_s", 1.0),
    "gpu-s": ("gpu_s", 1.0),
    "tok": ("tokens", 1.0),
    "usd": ("usd", 1.0),
}
_FORM = "a number and one of ev, s, m, h, d, cpu-s, gpu-s, tok, usd, joined by commas, as in 3000ev,10m,5usd"


class Cost(msgspec.Struct, frozen=True):
    """What something used: evaluations and cases by count, time in seconds, money in US dollars."""

    evaluations: float = 0
    cases: float = 0
    wall_s: float = 0
    cpu_s: float = 0
    gpu_s: float = 0
    tokens: float = 0
    usd: float = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.evaluations + other.evaluations,
            self.cases + other.cases,
            self.wall_s + other.wall_s,
            self.cpu_s + other.cpu_s,
            self.gpu_s + other.gpu_s,
            self.tokens + other.tokens,
            self.usd + other.usd,
        )


class Budget(msgspec.Struct, frozen=True):
    """What may be spent; None is no limit. Whichever limit comes first ends the run."""

    evaluations: float | None = None
    wall_s: float | None = None
    cpu_s: float | None = None
    gpu_s: float | None = None
    tokens: float | None = None
    usd: float | None = None

    def __str__(self) -> str:
        names = {"evaluations": "ev", "wall_s": "s", "cpu_s": "cpu-s", "gpu_s": "gpu-s", "tokens": "tok", "usd": "usd"}
        parts = [_plain(limit) + unit for field, unit in names.items() if (limit := getattr(self, field)) is not None]
        return ",".join(parts)

    def extended(self, extra: "Budget", spent: Cost) -> "Budget":
        """Returns the budget with `extra` added to the limits that it names; a new limit starts at what is spent."""
        limits = {name: getattr(self, name) for name in self.__struct_fields__}
        for name in self.__struct_fields__:
            more = getattr(extra, name)
            if more is not None:
                limits[name] = (getattr(spent, name) if limits[name] is None else limits[name]) + more
        return Budget(**limits)


def _plain(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def parse_budget(text: str) -> Budget:
    """Returns the budget that `text` states, such as `3000ev,10m,5usd`; raises `BadInput` naming the bad part."""
    limits: dict[str, float] = {}
    for part in text.split(","):
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z-]+)", part.strip())
        if match is None or match[2] not in _UNITS:
            raise BadInput(f"budget {text!r}: {part.strip()!r} is not understood; write {_FORM}")
        field, scale = _UNITS[match[2]]
        if field in limits:
            raise BadInput(f"budget {text!r}: states {field} twice; keep one")
        limits[field] = float(match[1]) * scale
        if limits[field] <= 0 or (field == "evaluations" and not limits[field].is_integer()):
            raise BadInput(f"budget {text!r}: {part.strip()!r} must be above 0, evaluations whole")
    return Budget(**limits)


class Ledger:
    """What a run has spent, and what its evaluations in flight have reserved. The supervisor is its one writer."""

    def __init__(self, budget: Budget, spent: Cost | None = None) -> None:
        self.budget = budget
        self.spent = spent if spent is not None else Cost()
        self.in_flight = 0

    def reserve(self) -> bool:
        """Takes one evaluation out of what is left; returns False where none is, or another limit is reached."""
        limit = self.budget.evaluations
        if self.exhausted() or (limit is not None and self.spent.evaluations + self.in_flight >= limit):
            return False
        self.in_flight += 1
        return True

    def release(self) -> None:
        """Gives back a reservation whose evaluation ended, before its cost is charged, or never took place."""
        if self.in_flight < 1:
            raise ValueError("nothing is reserved")
        self.in_flight -= 1

    def charge(self, cost: Cost) -> None:
        """Adds `cost` to what was spent."""
        self.spent = self.spent + cost

    def exhausted(self) -> str | None:
        """Returns the name of the first limit that is reached, or None."""
        for name in self.budget.__struct_fields__:
            limit = getattr(self.budget, name)
            if limit is not None and getattr(self.spent, name) >= limit:
                return name
        return None
