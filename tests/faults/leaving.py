"""The server is told to leave while many readers wait."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

import msgspec

from benchmarks.api import Api, Lines, lines_path
from benchmarks.processes import settled
from benchmarks.readers import allow_files
from benchmarks.server import Command, Server
from benchmarks.table import Measured, at_most
from tests.faults.numbered import HUNG_UP
from tests.faults.scenario import Scenario
from tests.faults.site import site

LINGER = Command(["sh", "-c", "trap 'sleep 0.5; exit' TERM; echo up; while :; do sleep 0.1; done"])
KEPT = Command(["sh", "-c", "echo up; exec sleep 600"], on_server_exit="keep")
BETWEEN = 0.1
"""Seconds from an answer to a reader's next question."""


@dataclass
class Heard:
    """What all readers heard: statuses, how many first questions had no answer, and when the job's end was told."""

    statuses: list[int] = field(default_factory=list)
    unanswered: int = 0
    ended_at: float = float("nan")

    def add(self, status: int, body: bytes, after: int) -> int:
        """Take an answer; the cursor to go on from."""
        self.statuses.append(status)
        if status != 200:
            return after
        lines = msgspec.json.decode(body, type=Lines)
        if lines.state == "finished":
            self.ended_at = min(self.ended_at, time.monotonic()) if self.ended_at > 0 else time.monotonic()
        return lines.next


async def leave(count: int, dice: random.Random) -> Measured:
    """Half of the readers wait for a job that ends with the server, half for one that goes on."""
    async with site(lambda _folder: {"linger": LINGER, "kept": KEPT}) as place, place.serving() as server:
        allow_files()
        api = await server.api()
        jobs = [await api.start(name) for name in ("linger", "kept")]
        for job in jobs:
            await api.lines(job, 0)
        heard = Heard()
        apis = await asyncio.gather(*(server.api() for _ in range(count)))
        readers = [asyncio.create_task(poll(reader, dice.choice(jobs), heard)) for reader in apis]
        await settled(server.pid)
        seconds = await seconds_to_leave(server, heard)
        await asyncio.gather(*readers)
    bad = sum(status >= 500 for status in heard.statuses)
    figures = {"server out after the jobs' end": seconds, "answers of 5xx": bad, "polls not answered": heard.unanswered}
    return Measured(figures, f"{count} polls open; {len(heard.statuses)} answers, those to their next questions too")


async def seconds_to_leave(server: Server, heard: Heard) -> float:
    """SIGTERM; the seconds from when the first reader heard of the job's end until the process is gone."""
    server.process.terminate()
    await asyncio.to_thread(server.process.wait)
    return time.monotonic() - heard.ended_at


async def poll(api: Api, job: str, heard: Heard) -> None:
    """Ask again and again, as pages do, until the server hangs up."""
    answers, after = 0, 1
    try:
        while True:
            response = await api.connection.request("GET", lines_path(job, after))
            answers += 1
            after = heard.add(response.status, response.body, after)
            await asyncio.sleep(BETWEEN)  # as a page does
    except HUNG_UP:
        heard.unanswered += not answers


SCENARIOS = (
    Scenario(
        "leave",
        "SIGTERM with {count} open polls",
        (
            at_most("server out after the jobs' end", 2, "s"),
            at_most("answers of 5xx", 0, ""),
            at_most("polls not answered", 0, ""),
        ),
        leave,
        short=100,
        long=900,
    ),
)
