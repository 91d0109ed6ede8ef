"""The wall clock is set forward and back by an hour: no false timeout, no false expiry, durations as they were."""

from __future__ import annotations

import asyncio
import random
import re
import time
from dataclasses import dataclass, field

from benchmarks.api import Api
from benchmarks.table import Measured, Wrong, at_most
from tests.faults.fake_clock import FakeClock, fake_clock
from tests.faults.scenario import Scenario
from tests.faults.site import Site, kill, site

HOUR = 3600
JUMPS = (HOUR, -HOUR, 0)
TIMEOUT = 1.0
SLACK = 10.0
"""Seconds by which a duration may differ from what was measured on a busy machine; the clock is set by far more."""

SWEEP_SECONDS = 1.2
SHOWN = re.compile(r"<dt>(?:Running for|Took)</dt><dd>([^<]+)</dd>")
UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
SECTIONS = f"""
[output]
idle_expiry = "10m"

[commands.said]
argv = ["echo", "said"]

[commands.second]
argv = ["sleep", "1"]

[commands.limited]
argv = ["sleep", "600"]
timeout = "{TIMEOUT:.0f}s"

[commands.guarded]
argv = ["sleep", "600"]
timeout = "10m"
on_server_exit = "keep"
"""


@dataclass
class Times:
    """What went wrong in time, and two jobs: one that is over, whose output is kept, and one that runs on."""

    said: str
    guarded: str
    begun: float
    timeouts: int = 0
    expiries: int = 0
    durations: list[str] = field(default_factory=list)

    async def look(self, api: Api) -> None:
        """At the two jobs."""
        self.timeouts += (await api.job(self.guarded)).state != "running"
        path = f"/api/v1/jobs/{self.said}/lines?after=0"
        self.expiries += (await api.connection.request("GET", path)).status != 200
        elapsed = time.monotonic() - self.begun
        await self.check_duration(api, self.guarded, elapsed)

    async def check_duration(self, api: Api, job: str, elapsed: float) -> None:
        """Hold what the job's page says against how long it took by the true clock."""
        page = (await api.connection.request("GET", f"/jobs/{job}")).body.decode()
        if (shown := SHOWN.search(page)) is None:
            raise Wrong("the page of a job has no duration")
        if abs(seconds_of(shown[1]) - elapsed) > SLACK:
            self.durations.append(f"{shown[1]} instead of {elapsed:.1f} s")


def seconds_of(words: str) -> float:
    """``1.0 s`` and ``3 min 5 s`` as a number."""
    parts = words.split()
    return sum(float(number) * UNITS[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))


async def set_clocks(count: int, _dice: random.Random) -> Measured:
    """So many rounds with the server's clock alone, and again with the shims' too."""
    found = await asyncio.gather(*(play(count, with_shims) for with_shims in (False, True)))
    wrong = [words for times in found for words in times.durations]
    figures = {
        "false timeouts": sum(times.timeouts for times in found),
        "false expiries": sum(times.expiries for times in found),
        "wrong durations": len(wrong),
    }
    return Measured(figures, "; ".join([f"{count} rounds each with and without the shims' own clock", *wrong[:1]]))


async def play(count: int, with_shims: bool) -> Times:
    """Set the clock while jobs run, then start the server again under another hour."""
    with fake_clock() as clock:
        launcher = clock.launcher(with_shims)
        async with site(lambda _folder: {}, SECTIONS) as place:
            async with place.serving(launcher) as server:
                times = await begin(await server.api())
                for jump in JUMPS * count:
                    await one_jump(clock, jump, await server.api(), times)
                await kill(server)
            for jump in (HOUR, -HOUR):
                clock.set(jump)
                await start_again(place, launcher, times)
    return times


async def begin(api: Api) -> Times:
    """The two jobs, one over and one running."""
    said = await api.start("said")
    await api.finished(said)
    begun = time.monotonic()
    return Times(said, await api.start("guarded"), begun)


async def one_jump(clock: FakeClock, jump: int, api: Api, times: Times) -> None:
    """Set the clock in the middle of a job that takes a second and of one that may not take longer."""
    begun = time.monotonic()
    jobs = [await api.start(name) for name in ("second", "limited")]
    await asyncio.sleep(TIMEOUT / 2)  # half of the time that it may run
    clock.set(jump)
    records = [await api.finished(job) for job in jobs]
    elapsed = time.monotonic() - begun
    times.timeouts += records[0].outcome != "succeeded"
    if records[1].outcome != "timed_out" or elapsed < TIMEOUT:
        raise Wrong(f"a job with a limit of {TIMEOUT} s ended as {records[1].outcome} after {elapsed:.1f} s")
    for job in jobs:
        await times.check_duration(api, job, elapsed)
    await asyncio.sleep(SWEEP_SECONDS)  # in which a false expiry would happen
    await times.look(api)


async def start_again(place: Site, launcher: tuple[str, ...], times: Times) -> None:
    """A fresh server takes over and looks after the jobs for a while."""
    async with place.serving(launcher) as server:
        await asyncio.sleep(SWEEP_SECONDS)  # in which a false expiry would happen
        await times.look(await server.api())
        await kill(server)


SCENARIOS = (
    Scenario(
        "clock",
        "the wall clock an hour forward and back while jobs run and over restarts, {count} times",
        (
            at_most("false timeouts", 0, ""),
            at_most("false expiries", 0, ""),
            at_most("wrong durations", 0, ""),
        ),
        set_clocks,
        short=1,
        long=10,
    ),
)
