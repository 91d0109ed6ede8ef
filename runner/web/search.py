"""Looking through a job's output for the lines that pass a filter.

The work of one request is bounded: it reads at most ``SCAN_LINES`` lines and about ``SCAN_BYTES`` of text,
looks through each slice in a thread, and says how far it came.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import NamedTuple

from runner.lines import SLICE_BYTES, SLICE_LINES, Slice
from runner.service import Reading, Runner
from runner.web.matching import Filter, count_of, last_of, passing

SCAN_LINES = 200_000
SCAN_BYTES = 32 << 20
WALK_BYTES = 8 << 20
"""How much is read at once, going back."""

FOUND_LINES = 1_000
"""The most lines that one search brings."""


class Found(NamedTuple):
    """What a search saw: the last reading, the lines that passed, and the first and last line looked at."""

    reading: Reading
    slices: tuple[Slice, ...]
    first: int
    end: int


@dataclass
class _Budget:
    """What a search may still read."""

    lines: int = SCAN_LINES
    bytes: int = SCAN_BYTES

    @property
    def left(self) -> bool:
        return self.lines > 0 and self.bytes > 0

    def take(self, part: Slice, after: int) -> int:
        """Note that ``part`` was read after a cursor; its bytes."""
        size = sum(len(run.data) for run in part.runs)
        self.lines -= max(1, part.next - after - part.dropped)
        self.bytes -= size
        return size


@dataclass
class _Walk:
    """A walk forward from a cursor: ``end`` is the cursor reached."""

    end: int
    slices: list[Slice] = field(default_factory=list)


async def search_after(runner: Runner, job_id: str, after: int, only: Filter) -> Found:
    """The first lines after ``after`` that pass. Raises what ``Runner.lines`` raises."""
    last = (await runner.job(job_id)).output.lines
    walk = await _walk(_Search(runner, job_id, only, FOUND_LINES), after, max(last, after), SCAN_BYTES)
    reading = await runner.lines(job_id, walk.end, 1)
    return Found(reading, tuple(walk.slices), after + 1, walk.end)


async def search_before(runner: Runner, job_id: str, upto: int, only: Filter) -> Found:
    """The last lines that pass, of those up to ``upto``. Raises what ``Runner.lines`` raises."""
    search = _Search(runner, job_id, only, SLICE_LINES)
    step, found, first = await _usual_step(search), list[Slice](), upto
    while first > 0 and search.budget.left and count_of(found) < FOUND_LINES:
        after = max(0, first - step)
        walk = await _walk(search, after, first, WALK_BYTES)
        if walk.end < first:
            step = max(1, (walk.end - after) // 2)  # these lines are longer than most
        else:
            found, first = [*walk.slices, *found], after
    if first == upto > 0:
        first = upto - 1  # however long the lines are, each search comes a line further
        found = (await _walk(search, first, upto, 1)).slices
    if count_of(found) > FOUND_LINES:
        found = last_of(found, FOUND_LINES)
        first = next(part.first for part in found if part.first is not None) - 1
    return Found(await runner.lines(job_id, upto, 1), tuple(found), first + 1, upto)


@dataclass(frozen=True, slots=True)
class _Search:
    """What is looked for, and how much of it is wanted at once."""

    runner: Runner
    job_id: str
    only: Filter
    most: int
    budget: _Budget = field(default_factory=_Budget)


async def _usual_step(search: _Search) -> int:
    """How many lines make a slice, going by the job's average."""
    output = (await search.runner.job(search.job_id)).output
    return max(1, min(SLICE_LINES, SLICE_BYTES * max(1, output.lines) // max(1, output.bytes)))


async def _walk(search: _Search, after: int, upto: int, room: int) -> _Walk:
    """Look forward from ``after`` until ``upto``, enough lines found, or about ``room`` bytes read."""
    walk = _Walk(after)
    while walk.end < upto and room > 0 and count_of(walk.slices) < search.most:
        part = (await search.runner.lines(search.job_id, walk.end, min(SLICE_LINES, upto - walk.end))).slice
        if part.first is None:
            break
        if part.first > upto:
            part = Slice(None, upto, upto - walk.end, ())
        room -= search.budget.take(part, walk.end)
        kept = await asyncio.to_thread(passing, part, search.only, search.most - count_of(walk.slices))
        walk.slices.append(kept)
        walk.end = kept.next
        if not search.budget.left:
            break
    return walk
