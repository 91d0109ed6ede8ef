"""Compression: what is compressed for whom, what it says about itself, and what it costs."""

from __future__ import annotations

import asyncio
import tracemalloc
import zlib
from collections.abc import Iterable

import pytest

from runner.service import Runner
from runner.web.asgi import App, Message, Receive, Scope, Send
from runner.web.compression import LEAST_BYTES, STEP_BYTES, Compression, accepts_gzip
from tests.support.asgi import Answer, Request, send
from tests.support.jobs import end_of, start_job
from tests.web.conftest import Ask

GZIP = [(b"accept-encoding", b"gzip, deflate, br")]
TEXT = b"text/plain; charset=utf-8"


def unpacked(answer: Answer) -> bytes:
    """The body as the client sees it in the end."""
    assert answer.header("content-encoding") == "gzip"
    return zlib.decompress(answer.body, 31)


def answering(*pieces: bytes, length: bool = True, headers: Iterable[tuple[bytes, bytes]] = ()) -> App:
    """An app that answers with these pieces as Quart would; without ``length`` it is a stream."""
    sized = [(b"content-length", b"%d" % sum(map(len, pieces)))] if length else []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        own = dict([(b"content-type", TEXT), *sized, *headers])
        await send({"type": "http.response.start", "status": 200, "headers": list(own.items())})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return app


async def messages_of(app: App, headers: Iterable[tuple[bytes, bytes]] = GZIP) -> list[Message]:
    """All that a compressed app sends to the server."""
    sent: list[Message] = []

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    async def collect(message: Message) -> None:
        sent.append(message)

    await app(Request("GET", "/", tuple(headers)).scope(), nothing, collect)
    return sent


TAKING = [
    "gzip", "GZIP", "x-gzip", "*", "gzip;q=0.001", "gzip ; Q=1.000", "br, gzip", "identity, gzip", "deflate,,*;q=0.1",
    "identity;q=0.5, gzip;q=0.5", "gzip, gzip2;q=9", "identity;q=0, gzip;q=0.2",
]  # fmt: skip
NOT_TAKING = [
    "", "identity", "br", "gzip;q=0", "gzip;q=0.000", "gzip;q=0, *", "*;q=0", "gzipped", "gzip;q=2", "gzip;q=x",
    "gzip;level=1", "gzip;q=0.4, identity;q=0.5", "g zip", "gzip\0", "\xff", ";q=1", "gzip;q=1;q=1",
]  # fmt: skip


@pytest.mark.parametrize("value", TAKING)
def test_who_takes_gzip(value: str) -> None:
    assert accepts_gzip([value])
    assert accepts_gzip(["br", value])


@pytest.mark.parametrize("value", NOT_TAKING)
def test_who_does_not(value: str) -> None:
    assert not accepts_gzip([value])


async def test_pages_fragments_and_the_api_are_compressed(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "count", n=1_000)
    await end_of(runner, job)
    for path in ("/", "/jobs", f"/jobs/{job.id}", f"/jobs/{job.id}/lines?after=0", f"/api/v1/jobs/{job.id}/lines"):
        plain, packed = await asked("GET", path), await asked("GET", path, GZIP)
        assert (plain.header("content-encoding"), plain.header("vary")) == (None, "accept-encoding")
        assert packed.header("vary") == "accept-encoding"
        assert packed.header("content-length") == str(len(packed.body))
        assert len(packed.body) < len(plain.body)
        assert len(unpacked(packed)) == len(plain.body)


async def test_the_log_is_compressed_as_it_streams(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "count", n=100_000)
    for query in ("?follow=1", ""):
        answer = await asked("GET", f"/jobs/{job.id}/log{query}", GZIP)
        assert unpacked(answer) == b"".join(b"%d\n" % number for number in range(1, 100_001))
        assert answer.header("content-length") is None


@pytest.mark.parametrize("path", ["/", "/static/app.css", "/healthz", "/none", "/api/v1/commands"])
async def test_head_says_what_get_says(asked: Ask, path: str) -> None:
    asking = [(b"accept-encoding", b"gzip"), (b"cookie", b"linefeed_browser=" + b"a" * 22)]
    head, get = await asked("HEAD", path, asking), await asked("GET", path, asking)
    assert (head.status, dict(head.headers)) == (get.status, dict(get.headers))


async def test_a_short_answer_stays_as_it_is() -> None:
    for length in (0, 1, LEAST_BYTES - 1):
        answer = await send(Compression(answering(b"x" * length)), Request("GET", "/", tuple(GZIP)))
        assert (answer.body, answer.header("content-encoding")) == (b"x" * length, None)


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-type", b"image/png")],
        [(b"content-encoding", b"br")],
        [(b"etag", b'"1"')],
    ],
)
async def test_what_a_route_has_settled_stays(headers: list[tuple[bytes, bytes]]) -> None:
    answer = await send(Compression(answering(b"x" * 5_000, headers=headers)), Request("GET", "/", tuple(GZIP)))
    assert answer.body == b"x" * 5_000


async def test_vary_is_added_to_what_is_there() -> None:
    answer = await send(Compression(answering(b"x", headers=[(b"vary", b"Cookie")])), Request("GET", "/"))
    assert answer.header("vary") == "Cookie, accept-encoding"


async def test_each_piece_of_a_stream_can_be_read_when_it_arrives() -> None:
    pieces = [b"one\n", b"two\n" * 100_000, "drei ß\n".encode()]
    start, *sent = await messages_of(Compression(answering(*pieces, length=False)))
    reader = zlib.decompressobj(31)
    assert [reader.decompress(message["body"]) for message in sent] == [*pieces, b""]
    assert reader.eof
    assert (b"content-encoding", b"gzip") in start["headers"]


async def test_equal_answers_are_compressed_once() -> None:
    app = Compression(answering(b"line\n" * 1_000))
    (_, first), (_, second) = await messages_of(app), await messages_of(app)
    assert first["body"] is second["body"]


async def test_the_event_loop_runs_while_a_large_answer_is_compressed() -> None:
    text = b"".join(b'{"number":%d,"text":"%x"}' % (number, number * number) for number in range(400_000))
    assert len(text) > STEP_BYTES
    packing = asyncio.create_task(send(Compression(answering(text)), Request("GET", "/", tuple(GZIP))))
    turns = 0
    while not packing.done():
        await asyncio.sleep(0)  # a turn of the loop: they are what is counted
        turns += 1
    assert turns > 100
    assert unpacked(await packing) == text


async def test_an_open_stream_costs_little_memory() -> None:
    held = asyncio.Event()

    async def following(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", TEXT)]})
        await send({"type": "http.response.body", "body": b"line\n", "more_body": True})
        await held.wait()

    app = Compression(following)
    tracemalloc.start()
    try:
        readers = [asyncio.create_task(messages_of(app)) for _ in range(20)]
        await asyncio.sleep(0)  # every reader begins
        each = tracemalloc.get_traced_memory()[0] / len(readers)
    finally:
        tracemalloc.stop()
        held.set()
    assert each < 50 << 10
    assert {len(await reader) for reader in readers} == {2}
