"""A thousand readers that wait on one job over sockets of their own."""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.api import Api
from benchmarks.processes import rss, settled
from benchmarks.server import Command, serving
from benchmarks.table import Measured, Row, Wrong, at_most

READERS = 1000
ROUNDS = 5
KIB = 1024


async def measure() -> Measured:
    """All wait, one line is written, and the slowest reader counts; several rounds on the same sockets.

    Only this process raises its bound on open files, and after the server was started: the server has to do so itself.
    """
    with tempfile.TemporaryDirectory(prefix="linefeed-bench-") as name:
        fifo = Path(name) / "lines"
        os.mkfifo(fifo)
        async with serving({"echo": Command(["cat", str(fifo)])}) as server:
            allow_files()
            api = await server.api()
            job = await api.start("echo")
            with await asyncio.to_thread(fifo.open, "wb", buffering=0) as writing:
                await settled(server.pid)
                before = rss(server.pid)
                readers = await asyncio.gather(*(server.api() for _ in range(READERS)))
                slowest, memory = [], 0
                for number in range(1, ROUNDS + 1):
                    waiting = [asyncio.create_task(_line(reader, job, number)) for reader in readers]
                    await settled(server.pid)
                    memory = memory or rss(server.pid) - before
                    begun = time.monotonic()
                    writing.write(b"line %d\n" % number)
                    slowest.append(max(await asyncio.gather(*waiting)) - begun)
    figures = {"all have the line": statistics.median(slowest), "server memory a reader": memory / READERS / KIB}
    return Measured(figures, f"{READERS} readers, median of {ROUNDS} lines; slowest {max(slowest):.2f} s")


async def _line(reader: Api, job: str, number: int) -> float:
    """When the line was in this reader's hands."""
    answer = await reader.lines(job, number - 1)
    if [line.text for line in answer.lines] != [f"line {number}"]:
        raise Wrong(f"a reader has {answer.lines} instead of line {number}")
    return time.monotonic()


def allow_files() -> None:
    """Let this process have as many open files as it may."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


ROWS = (
    Row(
        "readers",
        f"{READERS} readers waiting on one job",
        (at_most("all have the line", 1, "s"), at_most("server memory a reader", 50, "KiB")),
        measure,
    ),
)
