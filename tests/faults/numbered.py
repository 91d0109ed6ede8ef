"""Jobs that write numbered lines to both streams, readers that outlast their server, and the count of both."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.api import Api, Unavailable
from benchmarks.completeness import Copy
from benchmarks.server import Command
from benchmarks.table import Goal, Wrong, at_most
from benchmarks.waiting import until
from tests.faults.site import Site, program

AGAIN = 0.05
"""Seconds after which a reader whose server is away asks again."""

HUNG_UP = (OSError, EOFError, ValueError)
"""What a reader sees of a server that dies; half of a chunk's size is no number."""

STREAMS = (("stdout", "out"), ("stderr", "err"))
GOALS: tuple[Goal, ...] = (
    at_most("lines lost", 0, ""),
    at_most("lines doubled", 0, ""),
    at_most("streams out of order", 0, ""),
)


def numbered(folder: str, on_server_exit: str) -> dict[str, Command]:
    """The catalogue with the command ``numbers``, whose parameter ``number`` tells its jobs apart."""
    words = program("numbers", "{number}", f"{folder}/end", f"{folder}/tally-{{number}}")
    return {"numbers": Command(words, integers=("number",), on_server_exit=on_server_exit)}


@dataclass
class Faults:
    """What was found wrong with what readers have, of how many lines."""

    lines: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0

    def add(self, copy: Copy, last: int) -> None:
        """Look at what one reader has of a job that wrote ``last`` lines to each stream."""
        for stream, name in STREAMS:
            has, wanted = copy.texts[stream], [f"{name} {number}" for number in range(1, last + 1)]
            self.lines += last
            self.lost += len(set(wanted) - set(has))
            self.doubled += len(has) - len(set(has))
            self.disordered += has != wanted

    @property
    def figures(self) -> dict[str, float]:
        """As ``GOALS`` has them."""
        return {"lines lost": self.lost, "lines doubled": self.doubled, "streams out of order": self.disordered}


async def start_numbered(api: Api, seed: int, count: int) -> list[str]:
    """So many jobs, writing; their ids. The first one's parameter is ``seed``, and so on."""
    jobs = [await api.start("numbers", {"number": seed + at}) for at in range(count)]
    for job in jobs:
        await api.lines(job, 0)
    return jobs


async def end_numbered(site: Site, seed: int, count: int) -> list[int]:
    """Tell them to end; the last number that each wrote to either stream. Raises ``Wrong`` if one does not say."""
    (site.folder / "end").touch()
    files = [site.folder / f"tally-{seed + at}" for at in range(count)]
    if not await until(lambda: all(file.exists() for file in files), 10.0):
        raise Wrong("a job did not come to its own end")
    return [int(file.read_text()) for file in files]


async def read_through(url: str, job: str) -> Copy:
    """Read a job to its end, whatever happens to the server meanwhile."""
    copy = Copy()
    while True:
        try:
            api = await Api.open(url)
            try:
                while (answer := await api.lines(job, copy.after, wait=5)).lines or answer.state != "finished":
                    copy.add(answer)
                return copy
            finally:
                api.connection.close()
        except (*HUNG_UP, Unavailable):
            await asyncio.sleep(AGAIN)  # between two attempts


async def check_copies(url: str, jobs: Sequence[str], copies: Sequence[Copy], lasts: Sequence[int]) -> Faults:
    """Compare what each reader has, and what the log and a late reader have, with what was written."""
    faults = Faults()
    api = await Api.open(url)
    for job, copy, last in zip(jobs, copies, lasts, strict=True):
        faults.add(copy, last)
        faults.add(await read_through(url, job), last)
        for stream, name in STREAMS:
            log = (await api.connection.request("GET", f"/jobs/{job}/log?stream={stream}")).body
            if log != "".join(f"{name} {number}\n" for number in range(1, last + 1)).encode():
                raise Wrong(f"the log of {stream} is not what was written")
        if (record := await api.job(job)).outcome != "succeeded":
            raise Wrong(f"a job's outcome is {record.outcome}: {record.reason}")
    api.connection.close()
    return faults
