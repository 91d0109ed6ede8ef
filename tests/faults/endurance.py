"""Many short jobs through the pool of one server, and many readers of one job."""

from __future__ import annotations

import asyncio
import os
import random
import statistics
from dataclasses import dataclass, field

from benchmarks.api import Api
from benchmarks.completeness import read
from benchmarks.processes import open_files, rss, shims
from benchmarks.server import Command, Server
from benchmarks.server import program as of_benchmarks
from benchmarks.table import Measured, Wrong, at_most
from benchmarks.waiting import until
from tests.faults.scenario import Scenario
from tests.faults.site import site

AT_ONCE = 16
WARM_UP = 4
"""One part in so many of the jobs is warm-up."""

SAMPLES = 60
MB = 1_000_000
REST_SECONDS = 5.0
PER = 10_000
LINES = 20_000


@dataclass
class Course:
    """Resident bytes, open files and threads of a server, by how many jobs it had run."""

    jobs: list[int] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def look(self, pid: int, jobs: int) -> None:
        """Add how it stands now."""
        self.jobs.append(jobs)
        self.memory.append(rss(pid))
        self.files.append(open_files(pid))
        self.threads.append(len(os.listdir(f"/proc/{pid}/task")))

    @property
    def slope(self) -> float:
        """Growth in MB for each 10,000 jobs, by least squares after the warm-up."""
        begin = len(self.jobs) // WARM_UP
        return statistics.linear_regression(self.jobs[begin:], self.memory[begin:]).slope * PER / MB


async def many_jobs(count: int, _dice: random.Random) -> Measured:
    """Some at once, over and over; the server is looked at whenever none is under way."""
    course = Course()
    async with site(lambda _folder: {"short": Command(["echo", "said"])}) as place, place.serving() as server:
        apis = [await server.api() for _ in range(AT_ONCE)]
        step = max(count // SAMPLES, AT_ONCE)
        for done in range(step, count + 1, step):
            await asyncio.gather(*(run_some(api, step // AT_ONCE) for api in apis))
            await at_rest(server, apis[0])
            course.look(server.pid, done)
    figures = {
        "memory for each 10,000": course.slope,
        "more open files": course.files[-1] - course.files[0],
        "more threads": course.threads[-1] - course.threads[len(course.threads) // WARM_UP],
    }
    note = f"{course.memory[0] / MB:.1f} MB after {course.jobs[0]} jobs, {course.memory[-1] / MB:.1f} MB at the end"
    return Measured(figures, f"{note}; {course.files[-1]} open files, {course.threads[-1]} threads")


async def run_some(api: Api, count: int) -> None:
    """Jobs one after another, each read to its end."""
    for _ in range(count):
        job = await api.start("short")
        texts = [line.text async for answer in api.follow(job) for line in answer.lines]
        if texts != ["said"]:
            raise Wrong(f"a short job wrote {texts}")


async def at_rest(server: Server, api: Api) -> None:
    """Once no shim of the server is left."""
    await until(lambda: not shims(server.pid), REST_SECONDS)
    await api.connection.request("GET", "/api/v1/jobs?limit=1")


async def many_readers(count: int, dice: random.Random) -> Measured:
    """All follow one job; they pause, hang up and ask for odd amounts."""
    seed = dice.randrange(10**6)
    command = Command(of_benchmarks("both_streams", "{seed}", str(LINES)), integers=("seed",))
    async with site(lambda _folder: {"both": command}) as place, place.serving() as server:
        job = await (await server.api()).start("both", {"seed": seed})
        copies = await asyncio.gather(*(read(server, job, random.Random(dice.random())) for _ in range(count)))
    different = {tuple(copy.bytes(stream) for stream in ("stdout", "stderr")) for copy in copies}
    return Measured({"different copies": len(different)}, f"{count} readers of {2 * LINES} lines")


SCENARIOS = (
    Scenario(
        "jobs",
        "{count} short jobs through the pool",
        (at_most("memory for each 10,000", 1, "MB"), at_most("more open files", 0, ""), at_most("more threads", 0, "")),
        many_jobs,
        short=160,
        long=20_000,
        seconds=1_800,
        only_long=("memory for each 10,000",),
    ),
    Scenario("readers", "{count} readers of one job", (at_most("different copies", 1, ""),), many_readers, 10, 50),
)
