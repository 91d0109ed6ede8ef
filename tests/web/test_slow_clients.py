"""Clients that take their time, and more of them than are taken."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import httpx
import pytest
from hypercorn.config import Config
from quart import Quart

from runner.web.asgi import App, Receive, Scope, Send
from runner.web.serving import Limits, connections_for
from tests.support.certificate import self_signed
from tests.support.serving import Served, Wire, serving
from tests.support.waiting import until

DRIPPERS = 500
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


def config(**keys: object) -> Config:
    """Hypercorn's, with these."""
    made = Config()
    for name, value in keys.items():
        setattr(made, name, value)
    return made


def asgi(app: Quart) -> App:
    """Quart's own names for ASGI's parts are others."""
    return cast(App, app)


@pytest.fixture
async def quick(app: Quart) -> AsyncIterator[Served]:
    """The app with a second for each part of a request."""
    async with serving(asgi(app), Limits(head=1.0, body=1.0)) as served:
        yield served


async def drip(wire: Wire, each: float = 0.05) -> None:
    """Send a head that never ends, a byte each so many seconds."""
    try:
        await wire.send(HEAD + b"X: ")
        while True:
            await wire.send(b"y")
            await asyncio.sleep(each)  # as slow as it is meant to be
    except ConnectionError:
        pass


async def test_a_head_that_drips_is_told_so_and_closed(quick: Served) -> None:
    wire = await quick.connect()
    dripping = asyncio.create_task(drip(wire))
    assert (await wire.head()).startswith(b"HTTP/1.1 408 ")
    await asyncio.wait_for(asyncio.gather(wire.rest(), dripping), 5)


async def test_so_is_the_head_after_another_request(quick: Served) -> None:
    wire = await quick.connect()
    await wire.send(HEAD + b"\r\n" + HEAD)
    assert (await wire.head()).startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in await asyncio.wait_for(wire.rest(), 5)


async def test_a_body_that_does_not_come_is_no_reason_to_wait(quick: Served) -> None:
    wire = await quick.connect()
    await wire.send(b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    await asyncio.wait_for(wire.rest(), 5)


async def test_many_short_pauses_are_none(quick: Served) -> None:
    wire = await quick.connect()
    for _ in range(30):
        await wire.send(HEAD[:10])
        await asyncio.sleep(0.05)  # all of them together are longer than one head may take
        await wire.send(HEAD[10:] + b"\r\n")
        assert (await wire.head()).startswith(b"HTTP/1.1 200 ")
        await wire.reader.readexactly(3)


async def test_waiting_for_an_answer_is_no_slowness(app: Quart) -> None:
    answering = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        await answering.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async with serving(slow, Limits(head=0.1, body=0.1)) as served:
        wire = await served.connect()
        await wire.send(HEAD + b"\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wire.reader.read(1), 0.5)
        answering.set()
        assert (await wire.head()).startswith(b"HTTP/1.1 200 ")


async def test_an_idle_connection_is_kept_for_its_own_time(app: Quart) -> None:
    async with serving(asgi(app), Limits(head=0.1), config(keep_alive_timeout=1.0)) as served:
        fresh, used = await served.connect(), await served.connect()
        await used.send(HEAD + b"\r\n")
        assert (await used.head()).startswith(b"HTTP/1.1 200 ")
        await used.reader.readexactly(3)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.gather(fresh.reader.read(1), used.reader.read(1)), 0.5)
        assert b"".join(await asyncio.wait_for(asyncio.gather(fresh.rest(), used.rest()), 5)) == b""


async def test_who_does_not_read_is_cut_off() -> None:
    over = asyncio.Event()

    async def hear(receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        over.set()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        hearing = asyncio.create_task(hear(receive))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not over.is_set():
            await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
        await hearing

    async with serving(endless, Limits(send=0.3)) as served:
        wire = await served.connect()
        await wire.send(HEAD + b"\r\n")
        await asyncio.wait_for(over.wait(), 10)


async def test_five_hundred_drippers_slow_nobody_and_are_closed(app: Quart) -> None:
    before = resident()
    async with serving(asgi(app), Limits(head=6.0)) as served:
        wires = [await served.connect() for _ in range(DRIPPERS)]
        dripping = [asyncio.create_task(drip(wire, 1.0)) for wire in wires]
        took = []
        for _ in range(100):
            status, seconds = await served.get()
            assert status == b"HTTP/1.1 200 "
            took.append(seconds)
        assert sorted(took)[98] < 0.5
        assert resident() - before < 64 << 20
        await asyncio.wait_for(asyncio.gather(*(wire.rest() for wire in wires), *dripping), 20)


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def test_more_connections_than_are_taken(app: Quart) -> None:
    async with serving(asgi(app), Limits(connections=5)) as served:
        wires = [await served.connect() for _ in range(5)]
        took = await asyncio.gather(*(served.get() for _ in range(10)))
        assert {status for status, _ in took} == {b"HTTP/1.1 503 Service Unavailable"}
        assert max(seconds for _, seconds in took) < 5  # not one after the other
        wires.pop().close()
        await until(lambda: taken(served))


async def taken(served: Served) -> bool:
    """Whether a connection more is answered."""
    return (await served.get())[0] == b"HTTP/1.1 200 "


async def test_a_handshake_that_does_not_come(app: Quart, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    told = config(certfile=str(certificate), keyfile=str(key))
    async with serving(asgi(app), Limits(handshake=0.3, connections=2), told) as served:
        silent, junk = await served.connect(), await served.connect()
        await junk.send(b"GET / HTTP/1.1\r\n\r\n")
        await asyncio.wait_for(asyncio.gather(silent.rest(), junk.rest()), 5)
        for http2 in (False, True):
            async with httpx.AsyncClient(http2=http2, verify=False) as client:  # noqa: S501 - it signs itself
                answer = await client.get(f"https://127.0.0.1:{served.port}/healthz")
                assert (answer.text, answer.http_version) == ("ok\n", "HTTP/2" if http2 else "HTTP/1.1")


@pytest.mark.parametrize(
    ("files", "connections"), [(1_024, 512), (65_536, 10_000), (resource.RLIM_INFINITY, 10_000), (20, 10)]
)
def test_how_many_connections_there_are_files_for(files: int, connections: int) -> None:
    assert connections_for(files) == connections
