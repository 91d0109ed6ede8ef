"""A million lines from the start of the job to the client's hands, beside the design that Linefeed replaced."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import msgspec

from benchmarks.api import Lines
from benchmarks.connection import Connection
from benchmarks.server import Command, Server, serving, started
from benchmarks.table import Measured, Row, Wrong, at_least, at_most

LINES = 1_000_000
RUNS = 5
COUNT = ["seq", "1", str(LINES)]


class Drained(msgspec.Struct):
    """The answer of the queue design."""

    lines: list[tuple[str, str]]
    ended: bool


async def measure() -> Measured:
    """Both of Linefeed's ways, several runs each in turn, then one run of the queue design."""
    by_api, by_log = [], []
    async with serving({"count": Command(COUNT)}) as server:
        for _ in range(RUNS):
            by_api.append(await seconds_by_api(server))
            by_log.append(await seconds_by_log(server))
    by_queue = await seconds_by_queue()
    api, log = statistics.median(by_api), statistics.median(by_log)
    figures = {"by API": api, "by API, over the queue design": by_queue / api, "by /log": by_queue / log}
    return Measured(figures, f"medians of {RUNS} runs; /log {log:.3f} s; queue design {by_queue:.1f} s, 1 run")


async def seconds_by_api(server: Server) -> float:
    """From the start to the last line, decoded, by long polls; every line is then looked at."""
    api = await server.api()
    answers: list[Lines] = []
    begun = last = time.perf_counter()
    async for answer in api.follow(await api.start("count")):
        answers.append(answer)
        last = time.perf_counter()
    lines = [line for answer in answers for line in answer.lines]
    if [line.number for line in lines] != list(range(1, LINES + 1)):
        raise Wrong("the lines are not numbered from 1 to the last")
    if [line.text for line in lines] != [str(number) for number in range(1, LINES + 1)]:
        raise Wrong("the lines are not those that were written")
    return last - begun


async def seconds_by_log(server: Server) -> float:
    """From the start to the last byte of the log, followed while the job runs."""
    api = await server.api()
    begun = time.perf_counter()
    job = await api.start("count")
    pieces = [piece async for piece in api.connection.stream(f"/jobs/{job}/log?follow=1")]
    seconds = time.perf_counter() - begun
    if b"".join(pieces) != _text():
        raise Wrong("the log is not what was written")
    return seconds


async def seconds_by_queue() -> float:
    """From the start to the last line by the queue design, asked again without a pause."""
    async with started([sys.executable, "-m", "benchmarks.queue_design", *COUNT]) as server:
        connection = await Connection.open(server.url)
        return await _timed(lambda: _drain(connection))


async def _timed(run: Callable[[], Awaitable[list[str]]]) -> float:
    begun = time.perf_counter()
    texts = await run()
    seconds = time.perf_counter() - begun
    if "\n".join(texts).encode() + b"\n" != _text():
        raise Wrong("the queue design's lines are not those that were written")
    return seconds


async def _drain(connection: Connection) -> list[str]:
    decoder = msgspec.json.Decoder(Drained)
    texts: list[str] = []
    ended = False
    await connection.request("POST", "/start")
    while not ended:
        answer = decoder.decode((await connection.request("GET", "/lines")).body)
        texts += [text for _, text in answer.lines]
        ended = answer.ended
    return texts


def _text() -> bytes:
    return "".join(f"{number}\n" for number in range(1, LINES + 1)).encode()


ROWS = (
    Row(
        "seq",
        f"seq 1 {LINES} from start to the last line in a client's hands",
        (
            at_most("by API", 1.5, "s"),
            at_least("by API, over the queue design", 10, "x"),
            at_least("by /log", 40, "x"),
        ),
        measure,
    ),
)
