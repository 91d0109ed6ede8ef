"""Hashes of passwords, with the real argon2."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY

from runner.web.auth.passwords import AT_ONCE, MOST_WAITING, Passwords, PasswordTooLong, TooBusy, is_hash
from tests.support.waiting import until

ALL_THAT_FIT = AT_ONCE + MOST_WAITING


class Counting(Passwords):
    """Counts in its worker threads how many are hashing; they go on when ``gate`` is open."""

    def __init__(self) -> None:
        super().__init__(CHEAPEST)
        self.gate = threading.Event()
        self.now = self.most = self.done = 0
        self._lock = threading.Lock()

    def _fits(self, stored: str, encoded: bytes) -> bool:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.gate.wait(10)
        fits = super()._fits(stored, encoded)
        with self._lock:
            self.now -= 1
            self.done += 1
        return fits


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(CHEAPEST)
    yield made
    made.close()


@pytest.fixture
def counting() -> Iterator[Counting]:
    made = Counting()
    yield made
    made.gate.set()
    made.close()


async def test_a_hash_is_argon2id_with_the_second_option_of_the_rfc() -> None:
    passwords = Passwords()
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.verify(stored, "correct horse")
    assert not await passwords.verify(stored, "correct horsf")
    assert not passwords.outdated(stored)
    passwords.close()


async def test_two_hashes_of_one_password_differ(passwords: Passwords) -> None:
    assert await passwords.hash("same") != await passwords.hash("same")


async def test_a_hash_with_other_parameters_is_right_and_outdated(passwords: Passwords) -> None:
    stored = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash("old")
    assert await passwords.verify(stored, "old")
    assert passwords.outdated(stored)


async def test_without_a_hash_it_is_wrong_after_as_much_work(passwords: Passwords, counting: Counting) -> None:
    counting.gate.set()
    assert not await counting.verify(None, "anything")
    assert counting.done == 1
    assert not await passwords.verify(None, "")


async def test_an_unknown_name_costs_as_much_as_a_known_one() -> None:
    passwords = Passwords(replace(RFC_9106_LOW_MEMORY, memory_cost=8 << 10))
    stored = await passwords.hash("right")
    known = [await _cost(passwords, stored) for _ in range(3)]
    unknown = [await _cost(passwords, None) for _ in range(3)]
    assert 0.5 < min(unknown) / min(known) < 2
    passwords.close()


async def _cost(passwords: Passwords, stored: str | None) -> float:
    """Seconds of the processor, which other programs of the machine do not change much."""
    before = time.process_time()
    assert not await passwords.verify(stored, "wrong")
    return time.process_time() - before


async def test_a_password_over_1024_bytes_is_not_hashed(passwords: Passwords, counting: Counting) -> None:
    assert await passwords.hash("é" * 512)
    with pytest.raises(PasswordTooLong):
        await passwords.hash("é" * 512 + "a")
    assert not await counting.verify(None, "a" * 1_025)
    assert counting.most == 0


async def test_a_letter_and_its_accent_may_come_apart(passwords: Passwords) -> None:
    assert await passwords.verify(await passwords.hash("caf\u00e9"), "cafe\u0301")


@pytest.mark.parametrize("password", ["\x00", "\ud800", "\U0001f600" * 100, " "])
async def test_odd_passwords_are_as_good_as_others(passwords: Passwords, password: str) -> None:
    stored = await passwords.hash(password)
    assert await passwords.verify(stored, password)
    assert not await passwords.verify(stored, password + "x")


async def test_never_more_than_two_at_once_and_twenty_wait(counting: Counting) -> None:
    tries = [asyncio.create_task(counting.verify(None, "x")) for _ in range(ALL_THAT_FIT)]
    await until(lambda: counting.now == AT_ONCE)
    with pytest.raises(TooBusy) as busy:
        await counting.verify(None, "x")
    assert busy.value.retry_after > 0
    counting.gate.set()
    assert await asyncio.gather(*tries) == [False] * ALL_THAT_FIT
    assert (counting.most, counting.done) == (AT_ONCE, ALL_THAT_FIT)
    assert not await counting.verify(None, "x")


async def test_strangers_take_no_place_of_a_known_browser(counting: Counting) -> None:
    tries = [asyncio.create_task(counting.verify(None, "x")) for _ in range(ALL_THAT_FIT)]
    await until(lambda: counting.now == AT_ONCE)
    known = asyncio.create_task(counting.verify(None, "x", known=True))
    await asyncio.sleep(0)  # lets it ask for its turn
    counting.gate.set()
    assert not await known
    await asyncio.gather(*tries)


async def test_who_hangs_up_does_not_make_room_for_a_third(counting: Counting) -> None:
    tries = [asyncio.create_task(counting.verify(None, "x")) for _ in range(AT_ONCE)]
    await until(lambda: counting.now == AT_ONCE)
    for each in tries:
        each.cancel()
    await asyncio.gather(*tries, return_exceptions=True)
    others = [asyncio.create_task(counting.verify(None, "x")) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)  # lets each of them ask for its turn
    with pytest.raises(TooBusy):
        await counting.verify(None, "x")
    counting.gate.set()
    await asyncio.gather(*others)
    assert counting.most == AT_ONCE


async def test_the_places_of_those_who_wait_and_hang_up_are_free_again(counting: Counting) -> None:
    for _ in range(5):
        tries = [asyncio.create_task(counting.verify(None, "x")) for _ in range(MOST_WAITING)]
        await until(lambda: counting.now == AT_ONCE)
        for each in tries:
            each.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
    counting.gate.set()
    assert not await counting.verify(None, "x")
    await until(lambda: counting.now == 0)
    assert counting.done <= AT_ONCE + 1


async def test_the_event_loop_goes_first(counting: Counting) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    seen: list[int] = []
    await counting._turn(True, lambda: seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
    assert seen == [min(19, own + 10)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == own


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHQ$c29tZWhhc2g",
        "$argon2id$v=19$m=2000000,t=2,p=1$c29tZXNhbHQ$c29tZWhhc2g",
        "$argon2id$v=19$m=64,t=2000000,p=1$c29tZXNhbHQ$c29tZWhhc2g",
        "$argon2id$v=19$m=64,t=2,p=1000$c29tZXNhbHQ$c29tZWhhc2g",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$" + "a" * 600,
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$c29tZWhhc2g:1",
        "$argon2id$v=19$m=sixty,t=2,p=1$c29tZXNhbHQ$c29tZWhhc2g",
    ],
)
def test_what_is_no_argon2id_hash_or_would_cost_too_much_is_told(text: str) -> None:
    assert not is_hash(text)


async def test_a_hash_that_argon2_cannot_read_is_right_for_no_password(passwords: Passwords) -> None:
    stored = "$argon2id$v=19$m=64,t=2,p=1$a$a"
    assert not await passwords.verify(stored, "x")
