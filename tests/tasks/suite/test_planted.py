"""Planted cheats gain nothing in the suite: one family that is called and one that is driven.

`python -m benchmarks.suite --check` looks at all twelve.
"""

import asyncio

import pytest

from ryumon import supervisor
from ryumon.evaluation.check import examined
from ryumon.task import read_task


@pytest.mark.parametrize("name", ["comparator", "tardiness"])
def test_every_planted_cheat_is_refused_or_gains_nothing(name: str) -> None:
    folder = read_task(supervisor.find_task(name))
    report = asyncio.run(examined(folder, supervisor.admitted_tier(least=None, unsafe=False), 0))
    assert report.passed, [finding for finding in report.findings if not finding.passed]
    assert len(report.findings) > 20
