"""Who asks again and again is refused at a pace."""

from __future__ import annotations

import pytest

from runner.web.auth.pace import Pace


class Clock:
    """Time that passes only when a test says so; ``slept`` has every sleep that was asked for."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(clock, clock.sleep)


async def turns(pace: Pace, times: int) -> None:
    for _ in range(times):
        await pace.turn()


async def test_the_first_does_not_wait_and_twenty_have_their_turn_in_a_second(pace: Pace, clock: Clock) -> None:
    await turns(pace, 21)
    assert clock.slept == pytest.approx([number * 0.05 for number in range(1, 21)])


async def test_nobody_waits_longer_than_five_seconds(pace: Pace, clock: Clock) -> None:
    await turns(pace, 1_000)
    assert max(clock.slept) == 5.0


async def test_after_a_rest_nobody_waits(pace: Pace, clock: Clock) -> None:
    await turns(pace, 1_000)
    clock.slept.clear()
    clock.now += 6
    await turns(pace, 1)
    assert clock.slept == []
    await turns(pace, 1)
    assert clock.slept == pytest.approx([0.05])
