"""The disk is full, the folder cannot be written, there are too many open files: jobs go on, and it is told."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass
from functools import partial

from benchmarks.api import Api, JobRecord, Lines
from benchmarks.browser import chromium
from benchmarks.server import Command
from benchmarks.table import Measured, Wrong, at_most
from tests.faults.numbered import end_numbered, numbered, start_numbered
from tests.faults.page import OpenPage
from tests.faults.scenario import Scenario
from tests.faults.site import Site, site
from tests.faults.small_disk import SmallDisk, small_disk

DISK_MIB = 4
MORE_LINES = 200
TOLD = r"Output from line [\d,]+ on is not kept: No space left on device\."
LINE = re.compile(r"(?:out|err) \d+")
MARKED = re.compile(rb"(?:out|err) \d+|\[Linefeed: .*\]")


@dataclass
class Account:
    """What a reader has: lines, lines that it was told are not kept, and lines that no job wrote."""

    after: int = 0
    shown: int = 0
    dropped: int = 0
    torn: int = 0

    def add(self, answer: Lines) -> None:
        """Take an answer. Raises ``Wrong`` if its numbers do not follow."""
        self.shown += len(answer.lines)
        self.dropped += answer.dropped
        self.torn += sum(LINE.fullmatch(line.text) is None for line in answer.lines)
        self.after = answer.next
        if self.shown + self.dropped != answer.next:
            raise Wrong(f"{self.shown} lines shown and {self.dropped} dropped up to line {answer.next}")


async def full(count: int, dice: random.Random) -> Measured:
    """Fill and free the disk while a job writes, and let it end while the disk is full."""
    seed = dice.randrange(10**6)
    commands = partial(numbered_and_short, on_server_exit="keep")
    async with small_disk(DISK_MIB) as disk, site(commands, data=f"{disk.path}/data") as place:
        async with place.serving(disk.launcher) as server, chromium() as context:
            api = await server.api()
            job = (await start_numbered(api, seed, 1))[0]
            page = await OpenPage.open(context, f"{place.url}jobs/{job}")
            reader = asyncio.create_task(follow(await server.api(), job))
            refused = [await go_through(disk, place, page, job) for _ in range(count)]
            await asyncio.to_thread(disk.fill)
            await page.seen(TOLD)
            last = (await end_numbered(place, seed, 1))[0]
            account, record = await reader, await api.finished(job)
            disk.free()
        async with place.serving(disk.launcher) as server:
            late, again = await follow(await server.api(), job), await (await server.api()).job(job)
            torn = account.torn + late.torn + await torn_in_log(await server.api(), job)
    figures = {
        "lines not accounted for": sum(abs(2 * last - each.after) for each in (account, late)),
        "torn lines": torn,
        "untrue records": sum(not is_true(each, last, late.dropped) for each in (record, again)),
    }
    note = f"full {count + 1} times; {late.shown} lines kept, {late.dropped} told as lost; a start was {refused[0]}"
    return Measured(figures, note)


def numbered_and_short(folder: str, on_server_exit: str) -> dict[str, Command]:
    """A command that writes until it is told to end, one that ends at once, and one that says nothing."""
    others = {"short": Command(["echo", "said"]), "quiet": Command(["sleep", "600"])}
    return {**numbered(folder, on_server_exit), **others}


async def follow(api: Api, job: str) -> Account:
    """Read a job to its end, gaps and all."""
    account = Account()
    while (answer := await api.lines(job, account.after)).lines or answer.state != "finished" or answer.dropped:
        account.add(answer)
    api.connection.close()
    return account


async def go_through(disk: SmallDisk, place: Site, page: OpenPage, job: str) -> str:
    """Fill it, see that it is told and that the job goes on, free it, and see that output is kept again."""
    api = await Api.open(place.url)
    await asyncio.to_thread(disk.fill)
    await page.seen(TOLD)
    await reached(api, job, (await api.job(job)).lines + MORE_LINES)
    refused = await try_to_start(api)
    disk.free()
    await page.seen(r"(?s)^(?!.*is not kept).*")
    before = (await api.job(job)).lines
    if (answer := await api.lines(job, before)).dropped or not answer.lines:
        raise Wrong("output is not kept again although there is room")
    await check_short(api)
    api.connection.close()
    return refused


async def reached(api: Api, job: str, lines: int) -> None:
    """Wait until a running job has written so many lines. Raises ``Wrong`` if it ends."""
    while (record := await api.job(job)).lines < lines:
        if record.state != "running":
            raise Wrong(f"the job did not go on: {record.outcome}, {record.reason}")
        await asyncio.sleep(0.02)  # between two looks


async def try_to_start(api: Api) -> str:
    """Ask for a job while nothing can be written: refused in words, or a job that comes to an end."""
    response = await api.connection.request("POST", "/api/v1/jobs", b'{"command": "short"}')
    if response.status == 503 and response.headers["content-type"] == "application/problem+json":
        return "refused with 503"
    if response.status != 201:
        raise Wrong(f"a start was answered with {response.status}: {response.body[:300]!r}")
    async with asyncio.timeout(5):
        job = response.headers["location"].rpartition("/")[2]
        return f"a job that ended as {(await api.finished(job)).outcome}"


async def check_short(api: Api) -> None:
    """A job runs from its start to its end. Raises ``Wrong``."""
    job = await api.start("short")
    if (record := await api.finished(job)).outcome != "succeeded" or record.lines != 1:
        raise Wrong(f"a job afterwards: {record.outcome}, {record.reason}")


async def torn_in_log(api: Api, job: str) -> int:
    """Lines of the log that are neither what was written nor the mark of a gap."""
    torn = 0
    for stream in ("stdout", "stderr"):
        log = (await api.connection.request("GET", f"/jobs/{job}/log?stream={stream}")).body
        torn += sum(MARKED.fullmatch(line) is None for line in log.splitlines())
    return torn


def is_true(record: JobRecord, last: int, dropped: int) -> bool:
    """Whether a record says how a job ended that wrote ``last`` lines to each stream and lost ``dropped``."""
    return (record.outcome, record.lines, record.dropped) == ("succeeded", 2 * last, dropped)


SCENARIOS = (
    Scenario(
        "full",
        "the disk full while a job writes and free again, {count} times, and full when it ends",
        (
            at_most("lines not accounted for", 0, ""),
            at_most("torn lines", 0, ""),
            at_most("untrue records", 0, ""),
        ),
        full,
        short=1,
        long=20,
    ),
)
