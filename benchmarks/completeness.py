"""Whether readers who pause, hang up and ask for odd amounts all get every line, once and in order."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from benchmarks.api import Api, Lines, lines_path
from benchmarks.connection import Connection
from benchmarks.programs.both_streams import texts
from benchmarks.server import Command, Server, program, serving
from benchmarks.table import Measured, Row, Wrong, at_least, at_most

RUNS = 100
AT_ONCE = 4
READERS = 5
LINES = 20_000
"""Lines on each of the two streams."""

LIMIT = 20_000
PAUSE = 0.02
"""The longest pause of a reader, in seconds."""


@dataclass
class Copy:
    """What one reader has: the text of each stream, and its cursor."""

    after: int = 0
    texts: dict[str, list[str]] = field(default_factory=lambda: {"stdout": [], "stderr": []})

    def add(self, answer: Lines) -> None:
        """Take an answer. Raises ``Wrong`` if its lines are not the ones after the cursor."""
        numbers = [line.number for line in answer.lines]
        if numbers != list(range(self.after + 1, answer.next + 1)) or answer.dropped:
            raise Wrong(f"lines {numbers[:1]} to {answer.next} came after {self.after}, {answer.dropped} dropped")
        for line in answer.lines:
            self.texts[line.stream].append(line.text)
        self.after = answer.next

    def bytes(self, stream: str) -> bytes:
        """The stream as the command wrote it."""
        return "".join(f"{text}\n" for text in self.texts[stream]).encode()


async def measure() -> Measured:
    """Some jobs at once, each with its own readers; every die is seeded by the run's number."""
    command = Command(program("both_streams", "{seed}", str(LINES)), integers=["seed"])
    places = asyncio.Semaphore(AT_ONCE)
    async with serving({"both": command}) as server:

        async def run(seed: int) -> str:
            async with places:
                return await fault(server, seed)

        faults = [found for found in await asyncio.gather(*(run(seed) for seed in range(RUNS))) if found]
    seen = f"; first fault: {faults[0]}" if faults else ""
    note = f"{READERS} readers of {2 * LINES} lines each run, {AT_ONCE} runs at once{seen}"
    return Measured({"runs": RUNS, "runs with a fault": len(faults)}, note)


async def fault(server: Server, seed: int) -> str:
    """Run one job with all its readers: what went wrong, or nothing."""
    try:
        await check_run(server, seed)
    except (Wrong, OSError, EOFError) as error:
        return f"seed {seed}: {error!r}"
    return ""


async def check_run(server: Server, seed: int) -> None:
    """Start a job; every reader and the log must have exactly what it wrote. Raises ``Wrong``."""
    api = await server.api()
    job = await api.start("both", {"seed": seed})
    dice = random.Random(seed)
    copies = await asyncio.gather(*(read(server, job, random.Random(dice.random())) for _ in range(READERS)))
    for stream, text in zip(("stdout", "stderr"), await asyncio.to_thread(texts, seed, LINES), strict=True):
        for number, copy in enumerate(copies):
            if copy.bytes(stream) != text:
                raise Wrong(f"reader {number} has another {stream} than was written")
        if (await api.connection.request("GET", f"/jobs/{job}/log?stream={stream}")).body != text:
            raise Wrong(f"the log has another {stream} than was written")
    api.connection.close()


async def read(server: Server, job: str, dice: random.Random) -> Copy:
    """Read a job to its end: limits from 1 to the most, small ones as likely as big ones; pauses; hanging up."""
    api, copy = await server.api(), Copy()
    while True:
        limit, wait = round(LIMIT ** dice.random()), dice.choice((0, 1, 30))
        await disturb(api, lines_path(job, copy.after, limit, wait), dice)
        answer = await api.lines(job, copy.after, limit, wait)
        copy.add(answer)
        if answer.state == "finished" and not answer.lines:
            api.connection.close()
            return copy


async def disturb(api: Api, path: str, dice: random.Random) -> None:
    """At times pause; at times hang up, one time in two with a request under way."""
    if dice.random() < 0.3:
        await asyncio.sleep(dice.random() * PAUSE)
    if dice.random() < 0.1:
        if dice.random() < 0.5:
            await _ask_and_leave(api.connection, path)
        await api.reopen()


async def _ask_and_leave(connection: Connection, path: str) -> None:
    connection.send("GET", path)
    await asyncio.sleep(0)


ROWS = (
    Row(
        "completeness",
        f"{RUNS} runs of {LINES} lines on each stream, {READERS} readers who pause and reconnect",
        (at_least("runs", RUNS, ""), at_most("runs with a fault", 0, "")),
        measure,
    ),
)
