"""Stands in for OpenEvolve's record of an evaluation."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class EvaluationResult:
    """Metrics by name, and texts for the next prompt."""

    metrics: dict[str, Any]
    artifacts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, metrics: dict[str, Any]) -> "EvaluationResult":
        """Returns a result without artifacts."""
        return cls(metrics)

    def to_dict(self) -> dict[str, Any]:
        """Returns the metrics."""
        return self.metrics

    def has_artifacts(self) -> bool:
        """Returns whether there are artifacts."""
        return bool(self.artifacts)
