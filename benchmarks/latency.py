"""From the child's write of a line to the hands of a client that waits for it."""

from __future__ import annotations

import asyncio
import statistics
import time

from benchmarks.server import Command, Server, program, serving
from benchmarks.table import Measured, Row, Wrong, at_most

INTERVAL = 0.2
JOBS = 5
LINES = 40
"""Lines of each job; five jobs at once, each begun a part of the interval later, bring 200 in 8 s."""


async def measure() -> Measured:
    """Each job has a client of its own that asks again as soon as it is answered."""
    async with serving({"ticks": Command(program("ticks", str(LINES), str(INTERVAL)))}) as server:
        jobs = await asyncio.gather(*(milliseconds(server, number * INTERVAL / JOBS) for number in range(JOBS)))
    taken = [line for job in jobs for line in job]
    figures = {"p50": statistics.median(taken), "p99": percentile(taken, 99)}
    return Measured(figures, f"{JOBS} jobs of {LINES} lines at once; slowest {max(taken):.1f} ms")


async def milliseconds(server: Server, delay: float) -> list[float]:
    """How long each line of one job took, by the monotonic clock that all processes share."""
    await asyncio.sleep(delay)
    api = await server.api()
    taken: list[float] = []
    async for answer in api.follow(await api.start("ticks")):
        now = time.monotonic_ns()
        taken += [(now - int(line.text.split()[1])) / 1e6 for line in answer.lines]
    if len(taken) != LINES:
        raise Wrong(f"{len(taken)} lines came instead of {LINES}")
    return taken


def percentile(values: list[float], percent: int) -> float:
    """The smallest value that ``percent`` of the values do not exceed."""
    return sorted(values)[-(-len(values) * percent // 100) - 1]


ROWS = (
    Row(
        "latency",
        "one line each 200 ms, from the child's write to an API client's hands",
        (at_most("p50", 5, "ms"), at_most("p99", 50, "ms")),
        measure,
    ),
)
