"""Tries of one place take turns, so that others need not wait for all of them."""

from __future__ import annotations

import asyncio

import pytest

from runner.web.auth.throttle import MOST_CHECKED, MOST_WAITING, Throttle, TooManyTries

ATTACKER = "192.0.2.66"
PERSON = "198.51.100.7"


class Checking:
    """Checks that last until ``gate`` is open; ``now`` has the place of each that is going on."""

    def __init__(self, throttle: Throttle) -> None:
        self.throttle = throttle
        self.gate = asyncio.Event()
        self.now: list[str] = []

    async def begin(self, address: str, times: int = 1) -> list[asyncio.Task[None]]:
        tries = [asyncio.create_task(self._check(address)) for _ in range(times)]
        await asyncio.sleep(0)  # lets each of them begin
        return tries

    async def at_once(self, address: str) -> None:
        async with asyncio.timeout(5), self.throttle.trying(address) as trial:
            trial.ended(True)

    async def end(self, tries: list[asyncio.Task[None]]) -> None:
        self.gate.set()
        async with asyncio.timeout(5):
            await asyncio.gather(*tries)

    async def _check(self, address: str) -> None:
        async with self.throttle.trying(address) as trial:
            self.now.append(address)
            await self.gate.wait()
            self.now.remove(address)
            trial.ended(True)


@pytest.fixture
def checking() -> Checking:
    return Checking(Throttle())


async def test_two_of_one_place_are_checked_at_once_and_another_does_not_wait_for_the_rest(checking: Checking) -> None:
    tries = await checking.begin(ATTACKER, 10)
    tries += await checking.begin(PERSON)
    assert sorted(checking.now) == [ATTACKER, ATTACKER, PERSON]
    await checking.end(tries)


async def test_those_whose_turn_has_not_come_are_counted_as_waiting(checking: Checking) -> None:
    tries = await checking.begin(ATTACKER, MOST_CHECKED + MOST_WAITING)
    with pytest.raises(TooManyTries):
        await checking.at_once(ATTACKER)
    await checking.end(tries)
    await checking.at_once(ATTACKER)


async def test_those_who_leave_while_others_are_checked_make_room(checking: Checking) -> None:
    checked = await checking.begin(ATTACKER, MOST_CHECKED)
    for _ in range(3):
        waiting = await checking.begin(ATTACKER, MOST_WAITING)
        for each in waiting:
            each.cancel()
        left = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(each) for each in left} == {asyncio.CancelledError}
    await checking.end(checked)


async def test_who_leaves_gives_a_turn_to_the_next_and_nothing_is_kept_of_them(checking: Checking) -> None:
    first = await checking.begin(ATTACKER, MOST_CHECKED + 1)
    second = await checking.begin(ATTACKER)
    for each in first:
        each.cancel()
    await asyncio.gather(*first, return_exceptions=True)
    await checking.end(second)
    assert checking.throttle._queues == {}
