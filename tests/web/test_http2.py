"""HTTP/2, which is spoken over TLS only."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import h2.config
import h2.connection
import h2.events
import httpx
import pytest
from hypercorn.config import Config
from quart import Quart

from runner.web.asgi import App
from runner.web.serving import Limits
from tests.support.certificate import self_signed
from tests.support.serving import Served, serving

OK = ((":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/healthz"))


@pytest.fixture
async def served(app: Quart, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Served]:
    """The app over TLS; nothing is logged."""
    config = Config()
    certificate, key = self_signed(tmp_path)
    config.certfile, config.keyfile, config.keep_alive_timeout = str(certificate), str(key), 75
    with caplog.at_level(logging.WARNING):
        async with serving(cast(App, app), Limits(), config) as up:
            yield up
    assert not caplog.get_records("call")


class Talk:
    """A connection on which frames are sent as a test wants them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        told = h2.config.H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
        self.protocol = h2.connection.H2Connection(told)
        self.protocol.initiate_connection()

    @classmethod
    async def open(cls, port: int) -> Talk:
        """Connect; asks for HTTP/2 and believes any certificate."""
        context = ssl._create_unverified_context()  # noqa: S323 - the server's signs itself
        context.set_alpn_protocols(["h2"])
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=context))

    def ask(self, *headers: tuple[str, str], ended: bool = True) -> int:
        """A request of these headers; its stream."""
        stream = self.protocol.get_next_available_stream_id()
        self.protocol.send_headers(stream, headers, end_stream=ended)
        return stream

    async def ended(self, stream: int) -> str:
        """The status of the answer on this stream, or how it was ended."""
        status = ""
        while True:
            self._writer.write(self.protocol.data_to_send())
            data = await asyncio.wait_for(self._reader.read(1 << 16), 10)
            if not data:
                return "closed"
            for event in self.protocol.receive_data(data):
                match event:
                    case h2.events.ResponseReceived(stream_id=found, headers=headers) if found == stream:
                        status = dict(headers or ())[b":status"].decode()
                    case h2.events.StreamEnded(stream_id=found) if found == stream:
                        return status
                    case h2.events.StreamReset(stream_id=found) if found == stream:
                        return "reset"

    def close(self) -> None:
        """Hang up."""
        self._writer.transport.abort()


@pytest.fixture
async def talk(served: Served) -> AsyncIterator[Talk]:
    """A connection to the app."""
    opened = await Talk.open(served.port)
    yield opened
    opened.close()


async def test_the_body_of_a_refused_request_ends_nothing(served: Served) -> None:
    async with httpx.AsyncClient(http2=True, verify=False, base_url=f"https://localhost:{served.port}") as client:  # noqa: S501 - it signs itself
        for _ in range(3):
            refused = await client.post(
                "/api/v1/jobs", headers={"origin": "http://evil.example"}, content=bytes(500_000)
            )
            assert (refused.status_code, refused.http_version) == (403, "HTTP/2")
            assert (await client.get("/healthz")).text == "ok\n"


@pytest.mark.parametrize(
    "odd",
    [
        ((":method", "CONNECT"), (":authority", "localhost")),
        ((":method", "CONNECT"), (":protocol", "websocket"), *OK[1:]),
        ((":method", "G\u00e4T"), *OK[1:]),
        (*OK[:3], (":path", "/h\u00e4")),
        (*OK[:3], (":path", "")),
        (*OK[:3],),
        (*OK, ("transfer-encoding", "chunked")),
        (*OK, ("connection", "upgrade")),
        (*OK, ("X-Upper", "1")),
        (*OK, ("x", "a\nb")),
        (*OK[:2], *OK[3:]),
        (*OK, ("host", "evil.example")),
        (*OK, *(("x", "y") for _ in range(200))),
    ],
)
async def test_an_odd_request_hurts_nobody(served: Served, talk: Talk, odd: tuple[tuple[str, str], ...]) -> None:
    answer = await talk.ended(talk.ask(*odd))
    assert answer in ("reset", "closed", "400", "421", "431")
    assert (await served_again(served)) == "200"


async def served_again(served: Served) -> str:
    """The status of a good request on a new connection."""
    talk = await Talk.open(served.port)
    try:
        return await talk.ended(talk.ask(*OK))
    finally:
        talk.close()


async def test_requests_that_are_taken_back(talk: Talk) -> None:
    for _ in range(500):
        talk.protocol.reset_stream(talk.ask(*OK))
    assert await talk.ended(talk.ask(*OK)) == "200"


async def test_priorities_cost_nothing(talk: Talk) -> None:
    for stream in range(1, 6_001, 2):
        talk.protocol.prioritize(stream, weight=7)
    assert await talk.ended(talk.ask(*OK)) == "200"


async def test_http_1_is_spoken_as_well(served: Served) -> None:
    async with httpx.AsyncClient(verify=False) as client:  # noqa: S501 - it signs itself
        answer = await client.get(f"https://localhost:{served.port}/healthz")
        assert (answer.text, answer.http_version) == ("ok\n", "HTTP/1.1")
