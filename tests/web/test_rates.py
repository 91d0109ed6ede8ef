"""How often one address may ask, and how much of it is answered at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.settings import ServerSettings
from runner.web.asgi import Receive, Scope, Send
from runner.web.security import Guard
from runner.web.security.network import counted_as
from runner.web.security.rates import AT_ONCE, BURST, KEYS, REQUESTS_A_SECOND, Crowd, RateLimit
from tests.support.asgi import Answer, Request, send
from tests.support.commands import settings_of
from tests.support.waiting import until

READER = "198.51.100.7"


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """The time in seconds."""
        return self.now


def test_a_burst_passes_and_then_a_steady_rate() -> None:
    limit = RateLimit(rate=200, burst=400)
    assert sum(limit.take("a", 0.0) == 0 for _ in range(1_000)) == 400
    assert limit.take("a", 0.0) == pytest.approx(1 / 200)
    assert sum(limit.take("a", 1.0) == 0 for _ in range(1_000)) == 200
    assert sum(limit.take("a", 100.0) == 0 for _ in range(1_000)) == 400


def test_after_the_wait_it_passes() -> None:
    limit = RateLimit(rate=2, burst=1)
    assert limit.take("a", 0.0) == 0
    wait = limit.take("a", 0.1)
    assert wait == pytest.approx(0.4)
    assert limit.take("a", 0.1 + wait) == 0


def test_each_key_has_its_own() -> None:
    limit = RateLimit(rate=1, burst=1)
    assert [limit.take(key, 0.0) == 0 for key in "abab"] == [True, True, False, False]


def test_the_table_is_bounded_and_the_idle_go_first() -> None:
    limit = RateLimit(rate=1, burst=1, keys=100)
    for number in range(1_000):
        limit.take("busy", float(number))
        limit.take(str(number), float(number))
    assert len(limit) == 100
    assert limit.take("busy", 999.0) > 0
    assert limit.take("0", 999.0) == 0
    assert KEYS == 10_000


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=300))
def test_never_more_than_burst_and_rate_allow(pauses: list[float]) -> None:
    limit, now, passed = RateLimit(rate=10, burst=5), 0.0, 0
    for pause in pauses:
        now += pause
        passed += limit.take("a", now) == 0
    assert passed <= 5 + 10 * now + 1e-6


def test_a_crowd_has_so_many_at_once_and_forgets_who_left() -> None:
    crowd = Crowd(2)
    with crowd.enter("a") as first, crowd.enter("a") as second, crowd.enter("a") as third, crowd.enter("b") as other:
        assert (first, second, third, other) == (True, True, False, True)
        with crowd.enter(None) as uncounted:
            assert uncounted
    with crowd.enter("a") as again:
        assert again


@pytest.mark.parametrize(
    ("address", "key"),
    [
        (READER, READER),
        ("::ffff:198.51.100.7", READER),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("127.0.0.1", None),
        ("127.9.9.9", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("unix", None),
        ("nonsense", "nonsense"),
    ],
)
def test_what_an_address_counts_as(address: str, key: str | None) -> None:
    assert counted_as(address) == key


class Site:
    """A guard around an app that answers when it is let."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.reached = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        server = ServerSettings(trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("127.0.0.1")))
        self._guard = Guard(self._app, replace(settings_of(folder), server=server), clock=self.clock)

    async def ask(self, peer: str | None, forwarded: str = "", path: str = "/") -> Answer:
        """Ask as this peer."""
        headers = ((b"x-forwarded-for", forwarded.encode()),) if forwarded else ()
        client = None if peer is None else (peer, 1)

        async def asked(scope: Scope, receive: Receive, send: Send) -> None:
            await self._guard({**scope, "client": client}, receive, send)

        return await send(asked, Request("GET", path, headers))

    async def statuses(self, times: int, peer: str | None, forwarded: str = "") -> set[int]:
        """The statuses of so many requests at one moment."""
        return {(await self.ask(peer, forwarded)).status for _ in range(times)}

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached += 1
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """The guard with its own limits."""
    return Site(tmp_path)


async def test_one_address_may_ask_so_often(site: Site) -> None:
    assert await site.statuses(BURST, READER) == {200}
    answer = await site.ask(READER, path="/api/v1/jobs")
    assert (answer.status, answer.header("retry-after")) == (429, "1")
    assert answer.json["status"] == 429
    assert site.reached == BURST
    assert (await site.ask("198.51.100.8")).status == 200
    site.clock.now += 1
    assert await site.statuses(200, READER) == {200}
    assert await site.statuses(1, READER) == {429}


@pytest.mark.parametrize("peer", ["127.0.0.2", "::1", None])
async def test_this_machine_may_ask_as_often_as_it_likes(site: Site, peer: str | None) -> None:
    assert await site.statuses(2 * BURST, peer) == {200}


async def test_behind_a_proxy_the_forwarded_address_counts(site: Site) -> None:
    assert await site.statuses(BURST, "127.0.0.1", READER) == {200}
    assert await site.statuses(1, "10.0.0.1", READER) == {429}
    assert await site.statuses(BURST, "127.0.0.1", "198.51.100.8") == {200}
    assert await site.statuses(2, "198.51.100.8", READER) == {429}


async def test_so_many_are_answered_at_once(site: Site) -> None:
    site.may_answer.clear()
    waiting: list[asyncio.Task[Answer]] = []
    for _ in range(AT_ONCE // BURST):
        waiting.extend(asyncio.create_task(site.ask(READER)) for _ in range(BURST))
        await until(lambda: site.reached == len(waiting))
        site.clock.now += BURST / REQUESTS_A_SECOND
    refused = await site.ask(READER)
    assert (refused.status, refused.header("retry-after"), site.reached) == (429, "3", AT_ONCE)
    site.may_answer.set()
    assert {answer.status for answer in await asyncio.gather(*waiting)} == {200}
    assert (await site.ask(READER)).status == 200
