"""Every scenario, in the order in which they are played."""

from __future__ import annotations

from tests.faults import disk, endurance, leaving, odd_bytes, server_faults, trees
from tests.faults.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *trees.SCENARIOS,
    *server_faults.SCENARIOS,
    *leaving.SCENARIOS,
    *disk.SCENARIOS,
    *odd_bytes.SCENARIOS,
    *endurance.SCENARIOS,
)
