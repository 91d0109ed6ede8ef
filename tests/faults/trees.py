"""Process trees that do all they can to stay: started and stopped, orphaned of their shim, left in the background."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import time

from benchmarks.api import Api
from benchmarks.endings import seconds_until_gone
from benchmarks.latency import percentile
from benchmarks.processes import marked
from benchmarks.server import Command
from benchmarks.table import Measured, Wrong, at_most
from tests.faults.programs.hostile import BRANCHES
from tests.faults.scenario import Scenario
from tests.faults.site import program, site

GRACE = 0.05
PATIENCE = 1.0
"""Seconds after which what is still there after the end is left over."""

AT_ONCE = 4
WRITTEN = [str(number) for number in range(1, 201)]
BACKGROUND = Command(["sh", "-c", "sleep 600 & seq 1 200; date +%s%N"])
"""Exits while a process in the background holds both of its pipes; the last line says when."""


def hostile(mark: str) -> Command:
    """A tree whose processes have ``mark`` among their arguments."""
    return Command(program("hostile", mark), stop_grace=f"{round(GRACE * 1000)}ms")


def new_mark(dice: random.Random) -> str:
    """Digits that no other process has among its arguments."""
    return str(dice.randrange(10**14, 10**15)) + str(os.getpid())


async def cycles(count: int, dice: random.Random) -> Measured:
    """Start and stop, by force or not, when the tree is up or while it grows."""
    mark = new_mark(dice)
    seconds, left = [], 0
    async with site(lambda _folder: {"tree": hostile(mark)}) as place, place.serving() as server:
        api = await server.api()
        for _ in range(count):
            job = await api.start("tree")
            grown = await grow(api, job, 0 if dice.random() < 0.2 else BRANCHES)
            seconds.append(await seconds_to_stop(api, job, grown, dice.random() < 0.5))
            left += bool(marked(mark))
        left += await seconds_until_gone(lambda: marked(mark)) > PATIENCE
    figures = {"cycles with something left": left, "p99 from SIGKILL to the end": percentile(seconds, 99) * 1000}
    note = f"{count} cycles; median {statistics.median(seconds) * 1000:.0f} ms, slowest {max(seconds) * 1000:.0f} ms"
    return Measured(figures, note)


async def grow(api: Api, job: str, branches: int) -> int:
    """Wait until so many branches are up; the cursor then."""
    after = 0
    while after < branches:
        answer = await api.lines(job, after)
        if answer.state == "finished":
            raise Wrong(f"the tree did not grow: {answer.outcome}")
        after = answer.next
    return after


async def seconds_to_stop(api: Api, job: str, after: int, force: bool) -> float:
    """Stop a job; the seconds from SIGKILL until a reader is told that it is over."""
    begun = time.monotonic()
    await api.stop(job, force)
    while (answer := await api.lines(job, after)).state != "finished":
        after = answer.next
    if answer.outcome != "stopped":
        raise Wrong(f"the outcome is {answer.outcome}")
    return time.monotonic() - begun - (0.0 if force else GRACE)


async def lose_shims(count: int, dice: random.Random) -> Measured:
    """SIGKILL to one shim after another; a second job of the same server must not notice."""
    mark, other_mark = new_mark(dice), new_mark(dice)
    told, gone = [], []
    async with (
        site(lambda _folder: {"tree": hostile(mark), "other": hostile(other_mark)}) as place,
        place.serving() as server,
    ):
        api = await server.api()
        other = await api.start("other")
        await grow(api, other, BRANCHES)
        for _ in range(count):
            job = await api.start("tree")
            after = await grow(api, job, dice.randint(1, BRANCHES))
            await asyncio.sleep(dice.random() * 0.02)  # until a random moment
            begun = time.monotonic()
            kill_shim(job)
            while (answer := await api.lines(job, after)).state != "finished":
                after = answer.next
            told.append(time.monotonic() - begun)
            if answer.outcome != "lost":
                raise Wrong(f"the outcome is {answer.outcome}")
            gone.append(bool(marked(mark)))
        if len(marked(other_mark)) < BRANCHES or (await api.job(other)).state != "running":
            raise Wrong("another job lost processes")
    note = f"{count} kills; median {statistics.median(told) * 1000:.0f} ms"
    return Measured({"lost after": max(told), "kills with something left": sum(gone)}, note)


def kill_shim(job: str) -> None:
    """SIGKILL the shim of a job, which has the job's folder among its arguments. Raises ``Wrong``."""
    found = marked(job) & marked("/shim")
    if len(found) != 1:
        raise Wrong(f"a job has {len(found)} shims")
    os.kill(found.pop(), signal.SIGKILL)


async def exits(count: int, _dice: random.Random) -> Measured:
    """Several at once, each followed by a reader of its own."""
    places = asyncio.Semaphore(AT_ONCE)
    async with site(lambda _folder: {"background": BACKGROUND}) as place, place.serving() as server:

        async def one() -> float:
            async with places:
                return await seconds_from_exit(await server.api())

        seconds = await asyncio.gather(*(one() for _ in range(count)))
    note = f"{count} exits, {AT_ONCE} at once; median {statistics.median(seconds) * 1000:.0f} ms"
    return Measured({"end shown after the exit": max(seconds)}, note)


async def seconds_from_exit(api: Api) -> float:
    """From a command's own last moment until its reader is told of the end. Raises ``Wrong`` if a line is missing."""
    job = await api.start("background")
    after, texts = 0, list[str]()
    while (answer := await api.lines(job, after)).state != "finished" or answer.lines:
        texts += [line.text for line in answer.lines]
        after = answer.next
    shown = time.time()
    api.connection.close()
    if answer.outcome != "succeeded" or texts[:-1] != WRITTEN:
        raise Wrong(f"{len(texts)} lines of {len(WRITTEN) + 1}, {answer.outcome}")
    return shown - int(texts[-1]) / 1e9


SCENARIOS = (
    Scenario(
        "cycles",
        "{count} starts and stops of a tree that ignores SIGTERM, clears its environment, and forks while dying",
        (at_most("cycles with something left", 0, ""), at_most("p99 from SIGKILL to the end", 500, "ms")),
        cycles,
        short=12,
        long=1_000,
    ),
    Scenario(
        "shims",
        "{count} SIGKILLs of the shim of such a tree",
        (at_most("lost after", 2, "s"), at_most("kills with something left", 0, "")),
        lose_shims,
        short=6,
        long=100,
    ),
    Scenario(
        "exits",
        "{count} exits with a process in the background that holds the pipes; every line is there",
        (at_most("end shown after the exit", 1, "s"),),
        exits,
        short=40,
        long=1_000,
    ),
)
