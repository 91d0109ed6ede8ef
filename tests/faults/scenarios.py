"""Every scenario, in the order in which they are played."""

from __future__ import annotations

from tests.faults import (
    clock,
    crowd,
    disk,
    endurance,
    leaving,
    machine,
    odd_bytes,
    requests,
    server_faults,
    shortage,
    trees,
)
from tests.faults.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *trees.SCENARIOS,
    *server_faults.SCENARIOS,
    *leaving.SCENARIOS,
    *disk.SCENARIOS,
    *shortage.SCENARIOS,
    *odd_bytes.SCENARIOS,
    *clock.SCENARIOS,
    *endurance.SCENARIOS,
    *machine.SCENARIOS,
    *requests.SCENARIOS,
    *crowd.SCENARIOS,
)
