"""The server is killed, or frozen: jobs that are to go on do, readers lose nothing, and the others leave nothing."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Sequence
from functools import partial

from benchmarks.api import Api
from benchmarks.browser import chromium
from benchmarks.endings import seconds_until_gone
from benchmarks.processes import marked
from benchmarks.server import Server
from benchmarks.table import Measured, Wrong, at_most
from tests.faults.numbered import GOALS, check_copies, end_numbered, numbered, read_through, start_numbered
from tests.faults.page import OpenPage
from tests.faults.scenario import Scenario
from tests.faults.site import Site, all_jobs, kill, site
from tests.faults.trees import hostile, new_mark

JOBS = 3
EARLY = 0.2
"""The part of the servers that are killed before they are ready."""


async def keep(count: int, dice: random.Random) -> Measured:
    """Three jobs go on while one server after another is killed; three readers and a page go on with them."""
    seed = dice.randrange(10**6)
    async with site(partial(numbered, on_server_exit="keep")) as place, chromium() as context:
        async with place.serving() as server:
            jobs = await start_numbered(await server.api(), seed, JOBS)
            page = await OpenPage.open(context, f"{place.url}jobs/{jobs[0]}")
            readers = [asyncio.create_task(read_through(place.url, job)) for job in jobs]
            await asyncio.sleep(dice.random())  # until a random moment
            await kill(server)
        adopted = await kill_again(place, jobs, count - 1, dice)
        async with place.serving():
            lasts = await end_numbered(place, seed, JOBS)
            faults = await check_copies(place.url, jobs, await asyncio.gather(*readers), lasts)
            await page.check_end(lasts[0])
    figures = {**faults.figures, "adopted after the start": max(adopted), "page loads": page.loads}
    note = f"{count} kills, {sum(lasts) * 2} lines written, each read three ways; {len(adopted)} adoptions timed"
    return Measured(figures, note)


async def kill_again(place: Site, jobs: Sequence[str], count: int, dice: random.Random) -> list[float]:
    """Start and kill servers at random moments; the seconds from each start to all jobs adopted."""
    adopted = []
    for number in range(count):
        if number % round(1 / EARLY) == 1:
            await place.kill_while_starting(dice.uniform(0, 0.8))
            continue
        begun = time.monotonic()
        async with place.serving() as server:
            await check_running(server, jobs)
            adopted.append(time.monotonic() - begun)
            await asyncio.sleep(dice.random())  # until a random moment
            await kill(server)
    return adopted


async def check_running(server: Server, jobs: Sequence[str]) -> None:
    """Raises ``Wrong`` unless the first answers of a server say that all these jobs are running."""
    api = await server.api()
    for job in jobs:
        if (record := await api.job(job)).state != "running":
            raise Wrong(f"after a restart a job is {record.state}: {record.outcome}, {record.reason}")
    api.connection.close()


async def stop(count: int, dice: random.Random) -> Measured:
    """Hostile trees of commands that end with their server, which is killed while they grow or when they have."""
    mark = new_mark(dice)
    seconds, untrue = [], 0
    async with site(lambda _folder: {"tree": hostile(mark)}) as place:
        for _ in range(count):
            async with place.serving() as server:
                api = await server.api()
                untrue += await not_stopped(api)
                for _job in range(JOBS):
                    await api.start("tree")
                await asyncio.sleep(dice.random() * 0.5)  # until a random moment
                await kill(server)
            seconds.append(await seconds_until_gone(lambda: marked(mark) | place.shims()))
        async with place.serving() as server:
            untrue += await not_stopped(await server.api())
    figures = {"kills with something left after 1 s": sum(taken > 1.0 for taken in seconds), "untrue records": untrue}
    return Measured(figures, f"{count} kills of a server with {JOBS} jobs; the slowest end took {max(seconds):.2f} s")


async def not_stopped(api: Api) -> int:
    """How many jobs of earlier servers are anything but stopped."""
    return sum((job.state, job.outcome) != ("finished", "stopped") for job in await all_jobs(api))


async def freeze(count: int, dice: random.Random) -> Measured:
    """The server is stopped for ``count`` seconds and goes on."""
    seed = dice.randrange(10**6)
    async with (
        site(partial(numbered, on_server_exit="stop")) as place,
        chromium() as context,
        place.serving() as server,
    ):
        jobs = await start_numbered(await server.api(), seed, JOBS)
        page = await OpenPage.open(context, f"{place.url}jobs/{jobs[0]}")
        readers = [asyncio.create_task(read_through(place.url, job)) for job in jobs]
        await asyncio.sleep(dice.random())  # until a random moment
        os.kill(server.pid, signal.SIGSTOP)
        await asyncio.sleep(count)  # frozen for so long
        os.kill(server.pid, signal.SIGCONT)
        recovered = await seconds_to_fresh_line(server, jobs[0])
        lasts = await end_numbered(place, seed, JOBS)
        faults = await check_copies(place.url, jobs, await asyncio.gather(*readers), lasts)
        await page.check_end(lasts[0])
    figures = {**faults.figures, "a fresh line afterwards": recovered, "page loads": page.loads}
    return Measured(figures, f"stopped for {count} s; {sum(lasts) * 2} lines written, each read three ways")


async def seconds_to_fresh_line(server: Server, job: str) -> float:
    """How long until a reader has a line that was written after this was asked."""
    begun = time.monotonic()
    api = await server.api()
    after = (await api.job(job)).lines
    await api.lines(job, after)
    api.connection.close()
    return time.monotonic() - begun


SCENARIOS = (
    Scenario(
        "keep",
        "{count} SIGKILLs of the server at random moments, 3 jobs that are kept, a page left open",
        (*GOALS, at_most("adopted after the start", 2, "s"), at_most("page loads", 1, "")),
        keep,
        short=4,
        long=100,
    ),
    Scenario(
        "stop",
        "{count} SIGKILLs of the server at random moments, 3 hostile trees that end with it",
        (at_most("kills with something left after 1 s", 0, ""), at_most("untrue records", 0, "")),
        stop,
        short=3,
        long=100,
    ),
    Scenario(
        "freeze",
        "SIGSTOP of the server for {count} s, 3 readers and a page",
        (*GOALS, at_most("a fresh line afterwards", 2, "s"), at_most("page loads", 1, "")),
        freeze,
        short=2,
        long=10,
    ),
)
