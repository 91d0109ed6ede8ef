"""Heads that drip and wrong passwords by the hundred: those who are signed in read on, and others still sign in.

The crowd is a process of its own at nice 19, since it would be on other machines. It shares two things with the
readers that a real one need not: the kernel, and, for half of the wrong passwords, its address.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

from argon2 import PasswordHasher

from benchmarks.latency import percentile
from benchmarks.processes import MIB, peak, reset_peak, rss, settled
from benchmarks.server import START_SECONDS, Command, Server
from benchmarks.table import Measured, Wrong, at_most
from tests.faults.hashes import watched_hashes
from tests.faults.scenario import Scenario
from tests.faults.site import program, site
from tests.faults.visitor import Visitor

NAME, PASSWORD = "ada", "a right password"
LINES = 2_000
READERS = 10
PAUSE = 0.1
"""Seconds between an answer and the next request of a reader."""

TRIERS = 100
SIGN_IN_EACH = 0.5
SIGN_IN_WITHIN = 20.0
WARM_SECONDS, ALONE_SECONDS = 1.0, 2.0
SETTLING = 6.0
"""Seconds that a crowd stays, and one more for each ``EACH_SECOND`` heads: 500 stay until they are hung up on."""

EACH_SECOND = 20
MOST_MIB = 192
"""Three hashes at once would need as much for themselves; two and 500 connections must not."""


@dataclass
class Seen:
    """What those who are signed in saw: how long each answer took, and what was no answer."""

    milliseconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    sign_ins: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


async def play(count: int, _dice: random.Random) -> Measured:
    """So many drip while ``TRIERS`` guess."""
    with tempfile.TemporaryDirectory(prefix="linefeed-faults-") as folder:
        async with (
            site(lambda _folder: {"many": Command(["seq", str(LINES)])}, people(Path(folder)), asks=True) as place,
            place.serving() as server,
            signed_in(server.url) as visitors,
        ):
            return await endure(server, visitors, count)


def people(folder: Path) -> str:
    """The sections for one person who may do everything, with a hash as the server makes it."""
    users = folder / "users"
    users.write_text(f"{NAME}:{PasswordHasher().hash(PASSWORD)}\n")
    users.chmod(0o600)
    may = '[[rights]]\npeople = ["*"]\ncommands = ["*"]\nmay = ["see", "start"]\n'
    return f'[auth]\nmode = "users"\nusers = "{users}"\n\n{may}'


async def endure(server: Server, visitors: Sequence[Visitor], count: int) -> Measured:
    """Read alone, then beside the crowd; the first visitor signs in again and again."""
    paths = await to_read(visitors[0])
    alone, seen = Seen(), Seen()
    await read_all(visitors[1:], paths, Seen(), WARM_SECONDS)
    await read_all(visitors[1:], paths, alone, ALONE_SECONDS)
    await settled(server.pid)
    before = rss(server.pid)
    reset_peak(server.pid)
    with watched_hashes(server.pid) as hashes:
        async with crowd(server.url, count) as tally:
            stays = SETTLING + count / EACH_SECOND
            reading = read_all(visitors[1:], paths, seen, stays)
            await asyncio.gather(reading, sign_in_again(server.url, visitors[0], seen, stays))
    tried = {status: number for status, number in tally.items() if status != "opened"}
    if not tried.get("403") or not hashes.at_once or tally["opened"] < count:
        raise Wrong(f"there was no crowd: {tally}")
    figures = {
        "readers' p99": percentile(seen.milliseconds, 99),
        "readers' errors": len(seen.wrong) + len(alone.wrong),
        "server growth": (peak(server.pid) - before) / MIB,
        "password hashes at a time": hashes.at_once,
        "sign-ins refused to a known browser": len(seen.refused),
        "wrong passwords let in": tried.get("303", 0),
    }
    note = (
        f"{tally['opened']} heads, {sum(tried.values())} wrong passwords answered {tried}; {len(seen.milliseconds)} "
        f"answers to {READERS} readers, p99 without the crowd {percentile(alone.milliseconds, 99):.0f} ms; "
        f"{len(seen.sign_ins)} sign-ins, the slowest {max(seen.sign_ins, default=0):.1f} s"
    )
    return Measured(figures, "; ".join([note, *alone.wrong[:1], *seen.wrong[:2], *seen.refused[:1]]))


@asynccontextmanager
async def signed_in(url: str) -> AsyncIterator[list[Visitor]]:
    """Browsers in which the person is, one more than there are readers. Raises ``Wrong``."""
    with ExitStack() as stack:
        visitors = [stack.enter_context(closing(await Visitor.open(url))) for _ in range(READERS + 1)]
        for visitor in visitors:
            if (status := await visitor.sign_in(NAME, PASSWORD)) != 303:
                raise Wrong(f"a sign-in before the crowd was answered with {status}")
        yield visitors


async def to_read(visitor: Visitor) -> list[str]:
    """What readers ask for: a job's page, its lines as a fragment and by the API, the job, and the dashboard."""
    started = await visitor.post("/jobs", command="many")
    job = started.headers["location"].rpartition("/")[2]
    record = f"/api/v1/jobs/{job}"
    async with asyncio.timeout(START_SECONDS):
        while b'"state":"finished"' not in (await visitor.request("GET", record)).body:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(PAUSE)  # between two looks
    lines = f"/lines?after={LINES - 200}"
    return [f"/jobs/{job}", f"/jobs/{job}{lines}&seen=0", f"{record}{lines}", record, "/"]


async def read_all(visitors: Sequence[Visitor], paths: list[str], seen: Seen, seconds: float) -> None:
    """Every visitor reads for so long, each beginning with another path."""
    end = time.monotonic() + seconds
    turns = (paths[number % len(paths) :] + paths[: number % len(paths)] for number in range(len(visitors)))
    await asyncio.gather(*(read(visitor, own, seen, end) for visitor, own in zip(visitors, turns, strict=True)))


async def read(visitor: Visitor, paths: list[str], seen: Seen, end: float) -> None:
    """One of the paths after another."""
    for path in itertools.cycle(paths):
        begun = time.monotonic()
        if begun > end:
            return
        try:
            status = (await visitor.request("GET", path)).status
        except (OSError, EOFError) as error:
            seen.wrong.append(f"{path}: {error!r}")
            return
        seen.milliseconds.append((time.monotonic() - begun) * 1000)
        if status != 200:
            seen.wrong.append(f"{path}: {status}")
        await asyncio.sleep(PAUSE)  # a reader's own pace


async def sign_in_again(url: str, visitor: Visitor, seen: Seen, seconds: float) -> None:
    """The person whose password is guessed, in a browser that has been there before and is no more signed in."""
    end = time.monotonic() + seconds
    device = {name: value for name, value in visitor.cookies.items() if "device" in name}
    while (begun := time.monotonic()) < end:
        again = await Visitor.open(url)
        again.cookies = dict(device)
        try:
            status = str(await asyncio.wait_for(again.sign_in(NAME, PASSWORD), SIGN_IN_WITHIN))
        except (OSError, EOFError, TimeoutError) as error:
            status = repr(error)
        again.close()
        seen.sign_ins.append(time.monotonic() - begun)
        if status != "303":
            seen.refused.append(f"a sign-in: {status}")
        await asyncio.sleep(SIGN_IN_EACH)  # a person's own pace


@asynccontextmanager
async def crowd(url: str, drippers: int) -> AsyncIterator[dict[str, int]]:
    """While the block runs they are there; afterwards the mapping says what came of it."""
    port = url.rstrip("/").rpartition(":")[2]
    argv = program("crowd", port, str(drippers), str(TRIERS), NAME)
    process = await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE)
    tally: dict[str, int] = {}
    try:
        if await asyncio.wait_for(_line_of(process), START_SECONDS) != b"up\n":
            raise Wrong("the crowd did not come")
        yield tally
        said, _ = await asyncio.wait_for(process.communicate(b""), START_SECONDS)
        found: Mapping[str, int] = json.loads(said)
        tally.update(found)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _line_of(process: Process) -> bytes:
    assert process.stdout is not None
    return await process.stdout.readline()


SCENARIOS = (
    Scenario(
        "crowd",
        f"{{count}} heads that drip and {TRIERS} who guess passwords, {READERS} signed-in readers beside them",
        (
            at_most("readers' p99", 500, "ms"),
            at_most("readers' errors", 0, ""),
            at_most("server growth", MOST_MIB, "MiB"),
            at_most("password hashes at a time", 2, ""),
            at_most("sign-ins refused to a known browser", 0, ""),
            at_most("wrong passwords let in", 0, ""),
        ),
        play,
        short=60,
        long=500,
    ),
)
