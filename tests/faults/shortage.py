"""A folder that cannot be written, and too many open files: told in a sentence, and over when the cause is."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.api import Api, lines_path
from benchmarks.connection import Connection
from benchmarks.processes import open_files
from benchmarks.server import Command, spawn
from benchmarks.table import Measured, Wrong, at_most
from tests.faults.disk import check_short, numbered_and_short, try_to_start
from tests.faults.numbered import check_copies, end_numbered, read_through, start_numbered
from tests.faults.scenario import Scenario
from tests.faults.site import Site, site

NOWHERE = "/sys/linefeed-faults"
"""Nobody, root included, may make a folder here."""

OPEN_FILES = 64
START_SECONDS = 20.0


async def unwritable(count: int, dice: random.Random) -> Measured:
    """A start where nothing can be written; then a folder that is away for a while, while a job writes."""
    seed = dice.randrange(10**6)
    async with site(lambda _folder: {"short": Command(["true"])}, data=NOWHERE) as place:
        await check_refusal(place)
    async with site(partial(numbered_and_short, on_server_exit="stop")) as place, place.serving() as server:
        api = await server.api()
        jobs = await start_numbered(api, seed, 1)
        for _ in range(count):
            with away(Path(place.data, "jobs")):
                refused = await try_to_start(api)
            await check_short(api)
        lasts = await end_numbered(place, seed, 1)
        faults = await check_copies(place.url, jobs, [await read_through(place.url, jobs[0])], lasts)
    return Measured(
        {"lines lost": faults.lost, "lines doubled": faults.doubled}, f"{count} times; a start was {refused}"
    )


@contextmanager
def away(folder: Path) -> Iterator[None]:
    """While the block runs there is no such folder."""
    elsewhere = folder.with_name("away")
    folder.rename(elsewhere)
    yield
    elsewhere.rename(folder)


async def check_refusal(place: Site) -> None:
    """Raises ``Wrong`` unless the start ends with status 2 and one line that names the folder."""
    with tempfile.TemporaryFile() as log:
        process = spawn(place.argv, log.fileno())
        status = await asyncio.to_thread(process.wait, START_SECONDS)
        log.seek(0)
        said = log.read().decode()
    if status != 2 or said.count("\n") != 1 or f"server: data: {NOWHERE} cannot be used: " not in said:
        raise Wrong(f"a start without a folder: status {status}, {said!r}")


async def too_many_files(count: int, dice: random.Random) -> Measured:
    """More connections than the server may have files, while a job writes; then they hang up."""
    seed = dice.randrange(10**6)
    launcher = ("prlimit", f"--nofile={OPEN_FILES}:{OPEN_FILES}")
    commands = partial(numbered_and_short, on_server_exit="stop")
    async with site(commands) as place, place.serving(launcher) as server:
        api = await server.api()
        jobs = await start_numbered(api, seed, 1)
        reader = asyncio.create_task(read_through(place.url, jobs[0]))
        quiet = await api.start("quiet")
        refused = [await crowd(place, api, quiet) for _ in range(count)]
        lasts = await end_numbered(place, seed, 1)
        faults = await check_copies(place.url, jobs, [await reader], lasts)
        left = open_files(server.pid)
    note = f"{count} times {2 * OPEN_FILES} polls; a start was {refused[0]}; {left} files open afterwards"
    return Measured({"lines lost": faults.lost, "lines doubled": faults.doubled}, note)


async def crowd(place: Site, api: Api, quiet: str) -> str:
    """More polls of a quiet job than the server can take; then ask for a job, and hang up. What came of the job."""
    others = await asyncio.gather(*(Connection.open(place.url) for _ in range(2 * OPEN_FILES)))
    for other in others:
        other.send("GET", lines_path(quiet, 0))
    await api.connection.request("GET", "/healthz")
    refused = await try_to_start(api)
    for other in others:
        other.close()
    async with asyncio.timeout(10):
        fresh = await Api.open(place.url)
        await check_short(fresh)
        fresh.connection.close()
    return refused


GOALS = (at_most("lines lost", 0, ""), at_most("lines doubled", 0, ""))

SCENARIOS = (
    Scenario(
        "unwritable", "a data folder that cannot be made, and one that is away {count} times", GOALS, unwritable, 2, 20
    ),
    Scenario(
        "files", "more connections than open files, {count} times, while a job writes", GOALS, too_many_files, 1, 20
    ),
)
