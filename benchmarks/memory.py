"""What much output does to the memory of the server and of the shim, and whether all of it is accounted for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.api import JobRecord, Lines
from benchmarks.processes import MIB, ShimPeak, peak, reset_peak, rss, settled, shims, watched_shims
from benchmarks.server import START_SECONDS, Command, Server, program, serving
from benchmarks.table import Measured, Row, Wrong, at_most
from benchmarks.waiting import until

BOUND = 32
FIRST = 10**78
"""The number on line 1 of the big job: with 79 digits and its newline every line has 80 bytes."""

BIG_LINES = 10_000_000
BIG = Command(["seq", str(FIRST), str(FIRST + BIG_LINES - 1)])
BOTH_LINES = 1_000_000
BOTH = Command(program("alternate", str(BOTH_LINES)))
QUIET = Command(["sleep", "60"])
GOALS = (at_most("server growth", BOUND, "MiB"), at_most("shim growth", BOUND, "MiB"))


@dataclass
class Growth:
    """Growth above a server and a shim with one quiet job, in MiB; known when the block has ended."""

    shim: ShimPeak
    figures: dict[str, float] = field(default_factory=dict)


@asynccontextmanager
async def grown(server: Server) -> AsyncIterator[Growth]:
    """Measure how far the block drives memory up: the kernel's own peaks, not samples."""
    quiet_shim = await _quiet_shim(server)
    quiet_server = rss(server.pid)
    reset_peak(server.pid)
    with watched_shims(server.pid) as seen:
        yield (growth := Growth(seen))
    growth.figures["server growth"] = (peak(server.pid) - quiet_server) / MIB
    growth.figures["shim growth"] = (growth.shim.bytes - quiet_shim) / MIB


async def measure_big() -> Measured:
    """10 million lines through the cap, with one reader at the tail; then all that is kept is read again."""
    async with serving({"big": BIG, "quiet": QUIET}) as server, grown(server) as growth:
        api = await server.api()
        job = await api.start("big")
        live = await tally(api.follow(job), _check_big)
        kept = await tally(api.follow(job), _check_big)
        record = await api.job(job)
    for shown, dropped in (live, kept):
        _account(record, shown, dropped, BIG_LINES)
    if kept[1] != record.dropped:
        raise Wrong(f"the job says that {record.dropped} lines were dropped; {kept[1]} are missing")
    return Measured(
        growth.figures, f"1 run; live {live[0]} lines shown, {live[1]} dropped; afterwards {kept[0]} and {kept[1]}"
    )


async def measure_both() -> Measured:
    """A million lines, one write each, to both streams in turn, with one reader."""
    following = {"stdout": 0, "stderr": 1}

    def check(answer: Lines) -> None:
        for line in answer.lines:
            if line.text != str(following[line.stream]):
                raise Wrong(f"{line.stream} has {line.text} where {following[line.stream]} was written")
            following[line.stream] += 2

    async with serving({"both": BOTH, "quiet": QUIET}) as server, grown(server) as growth:
        api = await server.api()
        job = await api.start("both")
        shown, dropped = await tally(api.follow(job), check)
        record = await api.job(job)
    _account(record, shown, 0, BOTH_LINES)
    return Measured(growth.figures, f"1 run in {record.seconds:.1f} s; {shown} lines shown, {dropped} dropped")


async def tally(answers: AsyncIterator[Lines], check: Callable[[Lines], None]) -> tuple[int, int]:
    """Lines shown and lines dropped. Raises ``Wrong`` where their numbers do not follow one another."""
    shown = dropped = 0
    async for answer in answers:
        dropped += answer.dropped
        numbers = range(shown + dropped + 1, shown + dropped + len(answer.lines) + 1)
        if [line.number for line in answer.lines] != list(numbers) or answer.first != numbers[0]:
            raise Wrong(f"line {answer.first} follows {shown} lines shown and {dropped} dropped")
        check(answer)
        shown += len(answer.lines)
    return shown, dropped


async def _quiet_shim(server: Server) -> int:
    """The resident memory of the shim of a job that writes nothing, in bytes."""
    api = await server.api()
    job = await api.start("quiet")
    running = await until(lambda: shims(server.pid), START_SECONDS)
    await asyncio.gather(*(settled(pid) for pid in (*running, server.pid)))
    size = max(rss(pid) for pid in running)
    await api.stop(job)
    await api.finished(job)
    return size


def _check_big(answer: Lines) -> None:
    before = FIRST + (answer.first or 0) - 1
    if [line.text for line in answer.lines] != [str(before + number) for number in range(len(answer.lines))]:
        raise Wrong(f"the text of the lines from {answer.first} on is not what was written")


def _account(record: JobRecord, shown: int, dropped: int, written: int) -> None:
    if not shown + dropped == record.lines == written:
        raise Wrong(f"{shown} shown + {dropped} dropped is not {written} written; the job says {record.lines}")


ROWS = (
    Row("memory", f"{BIG_LINES} lines of 80 bytes through the cap, every one shown or counted", GOALS, measure_big),
    Row("both", f"{BOTH_LINES} lines alternately to both streams, each complete and in order", GOALS, measure_both),
)
