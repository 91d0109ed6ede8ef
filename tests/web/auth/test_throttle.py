"""Tries to sign in are slowed down, and only for those who fail."""

from __future__ import annotations

import asyncio
import stat
import time
from contextlib import suppress
from pathlib import Path

import pytest

from runner.web.auth import throttle as module
from runner.web.auth.throttle import (
    MOST_CHECKED,
    MOST_WAITING,
    DeviceCookies,
    Throttle,
    TooManyTries,
    network_of,
)

ATTACKER = "192.0.2.66"
PERSON = "198.51.100.7"


class Clock:
    """Time that passes when somebody sleeps; ``slept`` has every sleep."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(clock, clock.sleep)


async def attempt(throttle: Throttle, address: str, device: str | None = None, *, right: bool = False) -> None:
    async with throttle.trying(address, device) as trial:
        trial.ended(right)


async def fail(throttle: Throttle, address: str, times: int, device: str | None = None) -> None:
    for _ in range(times):
        await attempt(throttle, address, device)


async def test_five_failures_are_free_then_it_doubles_to_four_seconds(throttle: Throttle, clock: Clock) -> None:
    await fail(throttle, ATTACKER, 5)
    assert clock.slept == []
    await fail(throttle, ATTACKER, 6)
    assert clock.slept == [0.25, 0.5, 1.0, 2.0, 2.0, 4.0]  # some have faded while the last ones waited


async def test_failures_fade(throttle: Throttle, clock: Clock) -> None:
    await fail(throttle, ATTACKER, 1_000)
    assert throttle.delay(ATTACKER) == 4.0
    clock.now += 30
    assert throttle.delay(ATTACKER) < 4.0
    clock.now += 30
    assert throttle.delay(ATTACKER) == 0.0


async def test_after_failures_all_at_once_a_minute_is_enough_too(throttle: Throttle, clock: Clock) -> None:
    gate = asyncio.Event()

    async def together() -> None:
        async with throttle.trying(ATTACKER):
            await gate.wait()

    tries = [asyncio.create_task(together()) for _ in range(1_000)]
    await asyncio.sleep(0)  # lets each of them begin
    gate.set()
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert results.count(None) == MOST_CHECKED + MOST_WAITING
    assert throttle.delay(ATTACKER) == 4.0
    clock.now += 60
    assert throttle.delay(ATTACKER) == 0.0


async def test_right_passwords_are_never_slow(throttle: Throttle, clock: Clock) -> None:
    for _ in range(100):
        await attempt(throttle, PERSON, right=True)
    assert clock.slept == []
    assert len(throttle) == 0


async def test_another_address_is_not_slowed_by_a_thousand_failures(throttle: Throttle, clock: Clock) -> None:
    await fail(throttle, ATTACKER, 1_000)
    clock.slept.clear()
    await attempt(throttle, PERSON, right=True)
    assert clock.slept == []


async def test_a_known_browser_at_the_attackers_address_is_not_slowed(throttle: Throttle, clock: Clock) -> None:
    await fail(throttle, ATTACKER, 1_000)
    clock.slept.clear()
    await attempt(throttle, ATTACKER, "browser", right=True)
    assert clock.slept == []


async def test_a_known_browser_that_fails_is_slowed_by_itself(throttle: Throttle, clock: Clock) -> None:
    await fail(throttle, PERSON, 10, "browser")
    assert throttle.delay(PERSON, "browser") == 4.0
    assert throttle.delay(PERSON, "another") == throttle.delay(PERSON) == 0.0


async def test_an_attacker_who_tries_one_after_another_does_not_keep_a_person_out(
    throttle: Throttle, clock: Clock
) -> None:
    await fail(throttle, ATTACKER, 1_000)
    before = clock.now
    await attempt(throttle, ATTACKER, right=True)
    assert clock.now - before <= 4.0


async def test_guessing_from_one_address_is_slow_for_good(throttle: Throttle, clock: Clock) -> None:
    before = clock.now
    await fail(throttle, ATTACKER, 1_000)
    assert clock.now - before > 3_900


async def test_sixteen_wait_and_more_are_too_many() -> None:
    gate = asyncio.Event()

    async def wait(_: float) -> None:
        await gate.wait()

    throttle = Throttle(sleep=wait)
    await fail(throttle, ATTACKER, 5)
    tries = [asyncio.create_task(attempt(throttle, ATTACKER)) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)  # lets each of them begin to wait
    with pytest.raises(TooManyTries) as many:
        await attempt(throttle, ATTACKER)
    assert many.value.retry_after == 4
    await attempt(throttle, PERSON)
    gate.set()
    await asyncio.gather(*tries)
    await attempt(throttle, ATTACKER)


async def test_those_who_leave_make_room() -> None:
    throttle = Throttle(sleep=lambda _: asyncio.Event().wait())
    await fail(throttle, ATTACKER, 5)
    for _ in range(3):
        tries = [asyncio.create_task(attempt(throttle, ATTACKER)) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)  # lets each of them begin to wait
        for each in tries:
            each.cancel()
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert {type(each) for each in results} == {asyncio.CancelledError}


async def test_a_check_that_is_called_off_counts_and_one_that_breaks_does_not(throttle: Throttle) -> None:
    async def called_off() -> None:
        async with throttle.trying(ATTACKER):
            await asyncio.Event().wait()

    for _ in range(5):
        task = asyncio.create_task(called_off())
        await asyncio.sleep(0)  # lets it begin
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert throttle.delay(ATTACKER) == 0.25
    for _ in range(5):
        with pytest.raises(OSError, match="busy"):
            async with throttle.trying(PERSON):
                raise OSError("busy")
    assert throttle.delay(PERSON) == 0.0


async def test_there_is_a_most_of_places_and_the_oldest_goes(
    throttle: Throttle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BUCKETS", 100)
    await fail(throttle, ATTACKER, 5)
    for number in range(99):
        await fail(throttle, f"10.0.0.{number}", 1)
    await fail(throttle, ATTACKER, 1)
    await fail(throttle, PERSON, 1)
    assert len(throttle) == 100
    assert throttle.delay(ATTACKER) > 0
    for number in range(200):
        await fail(throttle, f"10.0.1.{number}", 1)
    assert (len(throttle), throttle.delay(ATTACKER)) == (100, 0.0)


async def test_with_a_real_clock_the_sixth_try_takes_a_quarter_of_a_second() -> None:
    throttle = Throttle()
    before = time.monotonic()
    await fail(throttle, ATTACKER, 5)
    assert time.monotonic() - before < 0.2
    await fail(throttle, ATTACKER, 1)
    assert time.monotonic() - before >= 0.25


async def test_with_a_real_clock_a_flood_holds_up_nobody_else() -> None:
    throttle = Throttle()
    await fail(throttle, ATTACKER, 5)
    flood = [asyncio.create_task(attempt(throttle, ATTACKER)) for _ in range(1_000)]
    before = time.monotonic()
    await attempt(throttle, PERSON, right=True)
    await attempt(throttle, ATTACKER, "browser", right=True)
    assert time.monotonic() - before < 0.2
    results = await asyncio.gather(*flood, return_exceptions=True)
    assert sum(isinstance(each, TooManyTries) for each in results) == 1_000 - MOST_WAITING


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("unix", "unix"),
        ("x" * 1_000, "x" * 64),
    ],
)
def test_what_counts_as_one_place(address: str, place: str) -> None:
    assert network_of(address) == place


@pytest.fixture
def devices(tmp_path: Path) -> DeviceCookies:
    return DeviceCookies(tmp_path / "device.key")


def test_a_device_cookie_is_right_for_its_person_alone(devices: DeviceCookies) -> None:
    value = devices.make("alice")
    device = devices.valid(value, "alice")
    assert device
    assert value.startswith(device)
    assert devices.valid(value, "bob") is None
    assert devices.valid(devices.make("alice"), "alice") not in (None, device)


def test_a_changed_device_cookie_is_wrong(devices: DeviceCookies) -> None:
    value = devices.make("alice")
    others = ["", ".", value[1:], value + "A", value.swapcase(), "A" * 22 + value[22:], "\ud800" * 66, "é" * 66]
    assert [devices.valid(each, "alice") for each in others] == [None] * len(others)
    assert devices.valid(value, "\ud800") is None


def test_device_cookies_survive_a_restart_and_the_key_is_for_the_owner_alone(
    devices: DeviceCookies, tmp_path: Path
) -> None:
    value = devices.make("alice")
    assert DeviceCookies(tmp_path / "device.key").valid(value, "alice")
    assert DeviceCookies(tmp_path / "another.key").valid(value, "alice") is None
    assert stat.S_IMODE((tmp_path / "device.key").stat().st_mode) == 0o600


def test_a_damaged_key_is_made_anew(devices: DeviceCookies, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    value = devices.make("alice")
    (tmp_path / "device.key").write_bytes(b"short")
    again = DeviceCookies(tmp_path / "device.key")
    assert again.valid(value, "alice") is None
    assert again.valid(again.make("alice"), "alice")
    assert "is damaged" in caplog.text
    assert len((tmp_path / "device.key").read_bytes()) == 32
