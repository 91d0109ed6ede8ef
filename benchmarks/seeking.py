"""A thousand lines anywhere in a long job."""

from __future__ import annotations

import random
import statistics
import time

from benchmarks.memory import FIRST
from benchmarks.server import Command, serving
from benchmarks.table import Measured, Row, Wrong, at_most

LINES = 3_000_000
LIMIT = 1000
READS = 200


async def measure() -> Measured:
    """One client asks at random cursors, one after another, with nothing else going on."""
    dice = random.Random(7)
    taken = []
    async with serving({"long": Command(["seq", str(FIRST), str(FIRST + LINES - 1)])}) as server:
        api = await server.api()
        job = await api.start("long")
        await api.finished(job)
        for after in (dice.randrange(LINES - LIMIT) for _ in range(READS)):
            begun = time.perf_counter()
            answer = await api.lines(job, after, LIMIT)
            taken.append((time.perf_counter() - begun) * 1000)
            if [line.text for line in answer.lines] != [str(FIRST + after + number) for number in range(LIMIT)]:
                raise Wrong(f"the lines after {after} are not those that were written")
    return Measured({"p50": statistics.median(taken)}, f"{READS} cursors; slowest {max(taken):.1f} ms")


ROWS = (Row("seeking", f"{LIMIT} lines anywhere in a job of {LINES}", (at_most("p50", 15, "ms"),), measure),)
