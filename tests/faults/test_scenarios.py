"""The scenarios at their short counts. Chances are the same each time: the seed is fixed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from benchmarks.table import Goal
from tests.faults.scenario import Scenario
from tests.faults.scenarios import SCENARIOS

SEED = 1
MOMENTS = ("s", "ms")
SLACK = 5
"""A machine that runs tests may be busy: moments may take so many times longer here. ``make faults`` is strict."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_all_goals_are_reached(scenario: Scenario) -> None:
    measured = await asyncio.wait_for(scenario.row(scenario.short, SEED).measure(), 60)
    goals = [goal for goal in scenario.goals if goal.figure not in scenario.only_long]
    missed = {goal.figure: measured.figures.get(goal.figure) for goal in goals if not reached(goal, measured.figures)}
    assert not missed, f"{scenario.title}: {measured.note}"


def reached(goal: Goal, figures: Mapping[str, float]) -> bool:
    value = figures.get(goal.figure)
    return goal.met_by(value / SLACK if value is not None and goal.unit in MOMENTS else value)
