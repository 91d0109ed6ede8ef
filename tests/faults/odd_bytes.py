"""Output that is hard to keep: a line without end, NULs, invalid UTF-8, characters and escapes cut anywhere."""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
from functools import partial
from itertools import zip_longest
from pathlib import Path

from benchmarks.api import Api, JobRecord
from benchmarks.memory import BOUND, QUIET, grown
from benchmarks.server import Command
from benchmarks.table import Measured, Wrong, at_most
from runner.lines import Stream
from runner.shim.writer import Cap, SpoolWriter
from runner.spool import Spool
from runner.web.ansi import render
from tests.faults.programs import endless, strings
from tests.faults.scenario import Scenario
from tests.faults.site import program, site

TOGETHER = 1_000
"""Strings in one spool."""

READS = 3
ROOMY = Cap(1 << 30, 1 << 30)
MARK = re.compile(rb"\n?\[Linefeed: \d+ lines? \((\d+) bytes\) (?:is|are) not kept here\]\n")


async def endless_line(count: int, dice: random.Random, cap: int) -> Measured:
    """One line of ``count`` MB under a cap of so many MiB, followed while it is written and read again afterwards."""
    seed = dice.randrange(10**6)
    commands = {"endless": Command(program("endless", str(seed), str(count))), "quiet": QUIET}
    sections = f'[output]\nmax_bytes = "{cap}MiB"'
    async with (
        site(lambda _folder: commands, sections) as place,
        place.serving() as server,
        grown(server) as growth,
    ):
        api = await server.api()
        job = await api.start("endless")
        reader = asyncio.create_task(watch(await server.api(), job))
        pieces = (await server.api()).connection.stream(f"/jobs/{job}/log?follow=1")
        followed = sum([len(piece) async for piece in pieces])
        record = await reader
        missing = await compare(api, job, count, endless.block(seed))
    if record.bytes != count * endless.BLOCK or record.lines != 1 or record.outcome != "succeeded":
        raise Wrong(f"the job says: {record.bytes} bytes, {record.lines} lines, {record.outcome}")
    note = f"{count} MB in {record.seconds:.1f} s; log followed live: {followed} bytes; {missing} bytes not kept"
    over = max(0, count * endless.BLOCK - (cap << 20))
    # A segment is a 32nd of the cap, and as much may go before it must.
    needless = max(0, missing - over - 2 * (cap << 20) // 32) if over else missing
    return Measured({**growth.figures, "bytes lost below the cap": needless}, note)


async def watch(api: Api, job: str) -> JobRecord:
    """Poll its lines to the end, as a page does; the record then."""
    after = 0
    while (answer := await api.lines(job, after)).state != "finished" or answer.lines:
        after = answer.next
    return await api.job(job)


async def compare(api: Api, job: str, count: int, base: bytes) -> int:
    """Hold the log against what was written; the bytes that it says are not kept. Raises ``Wrong``."""
    place = missing = 0
    async for piece in api.connection.stream(f"/jobs/{job}/log"):
        gap = MARK.search(piece)
        for part in (piece[: gap.start()], piece[gap.end() :]) if gap else (piece,):
            if part != original(base, place, len(part)):
                raise Wrong(f"the log is another than what was written after byte {place}")
            place += len(part)
            if gap and not missing:
                missing = int(gap[1])
                place += missing
    if place != count * endless.BLOCK:
        raise Wrong(f"the log accounts for {place} bytes of {count * endless.BLOCK}")
    return missing


def original(base: bytes, place: int, size: int) -> bytes:
    """What was written from one byte on."""
    first, last = place // endless.BLOCK, (place + size) // endless.BLOCK
    data = b"".join(endless.turned(base, number) for number in range(first, last + 1))
    begin = place - first * endless.BLOCK
    return data[begin : begin + size]


async def odd_strings(count: int, dice: random.Random) -> Measured:
    """A job writes them all; then each is cut, written, read and rendered on its own."""
    seed = dice.randrange(10**6)
    command = Command(program("strings", str(seed), str(count)))
    async with site(lambda _folder: {"strings": command}) as place, place.serving() as server:
        api = await server.api()
        job = await api.start("strings")
        await api.finished(job)
        differing = 0
        for stream, wanted in strings.written(seed, count).items():
            path = f"/jobs/{job}/log?stream={Stream(stream).label}"
            differing += (await api.connection.request("GET", path)).body != wanted
    changed = await asyncio.to_thread(count_changed, count, dice)
    return Measured({"streams that differ": differing, "renderings that depend on cuts": changed}, f"{count} strings")


def count_changed(count: int, dice: random.Random) -> int:
    """How many lines of so many strings look or read otherwise because of where they were cut."""
    return sum(changed(min(TOGETHER, count - done), dice) for done in range(0, count, TOGETHER))


def changed(count: int, dice: random.Random) -> int:
    """The same for strings in one spool: their log must be equal byte by byte, their text line by line."""
    data = b"".join(strings.string(dice) for _ in range(count)) + b"\n"
    with tempfile.TemporaryDirectory(prefix="linefeed-faults-") as folder:
        write_cut(folder, data, dice)
        spool = Spool(Path(folder))
        spool.refresh()
        if log_of(spool) != data:
            raise Wrong("the spool's log is not what was written")
        wanted = [render(line) for line in data.split(b"\n")]
        found = [render(data).split("\n")] + ["".join(rendered(spool, dice)).split("\n") for _ in range(READS)]
    return sum(one != other for each in found for one, other in zip_longest(wanted, each))


def write_cut(folder: str, data: bytes, dice: random.Random) -> None:
    """Make a spool of ``data``, which comes to it in reads of any size."""
    writer = SpoolWriter(folder, ROOMY)
    place = 0
    while place < len(data):
        size = dice.choice((1, 2, 3, 10, 100, 1000))
        writer.write(Stream.STDOUT, data[place : place + size])
        place += size
        if dice.random() < 0.5:
            writer.flush(0.0)
    writer.finish(0.0)


def log_of(spool: Spool) -> bytes:
    """Every byte of it."""
    return b"".join(part for part in spool.log() if isinstance(part, bytes))


def rendered(spool: Spool, dice: random.Random) -> list[str]:
    """The text of every run, read in slices of any size."""
    texts, cursor = list[str](), 0
    while cursor < spool.last:
        part = spool.slice(cursor, dice.randrange(1, 9))
        texts += [render(run.data) for run in part.runs]
        cursor = part.next
    return texts


GOALS = (
    at_most("server growth", BOUND, "MiB"),
    at_most("shim growth", BOUND, "MiB"),
    at_most("bytes lost below the cap", 0, ""),
)

SCENARIOS = (
    Scenario(
        "endless",
        "{count} MB without a newline, all of it kept",
        GOALS,
        partial(endless_line, cap=2048),
        short=50,
        long=1_000,
    ),
    Scenario(
        "capped",
        "{count} MB without a newline, 64 MiB of it kept",
        GOALS,
        partial(endless_line, cap=64),
        short=100,
        long=1_000,
    ),
    Scenario(
        "strings",
        "{count} random strings with NULs, invalid UTF-8 and escapes, cut at random",
        (at_most("streams that differ", 0, ""), at_most("renderings that depend on cuts", 0, "")),
        odd_strings,
        short=500,
        long=10_000,
    ),
)
