"""Which lines of a job a page shows, and which a fragment brings next."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from runner.errors import BadCursor, LinefeedError
from runner.lines import SLICE_BYTES, Slice
from runner.service import Reading, Runner
from runner.web import queries
from runner.web.chunks import KEPT_LINES
from runner.web.context import searches
from runner.web.errors import BadRequest
from runner.web.matching import ALL_LINES, Filter
from runner.web.search import search_after, search_before

WINDOW = 1_000
"""Lines in a window."""

CONTEXT = 3
"""Lines shown before a line that was asked for."""

_LINES = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?")


class NoSuchLine(LinefeedError):
    """A line beyond the end, or one that the cap took."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the output a reader wants to be; at most one of the first three is set. ``only``: which lines."""

    after: int | None = None
    before: int | None = None
    line: range | None = None
    follow: bool = True
    only: Filter = ALL_LINES

    @property
    def query(self) -> dict[str, object]:
        """The query that asks for this place again."""
        line = None if self.line is None else _words(self.line)
        follow = None if self.follow else 0
        return {"after": self.after, "before": self.before, "line": line, **self.only.query, "follow": follow}


class Window(NamedTuple):
    """The lines of a page: those from ``first`` to ``end`` that were asked for; ``first`` is 0 if there is none.

    ``newest``: nothing came after them when it was asked.
    """

    reading: Reading
    slices: tuple[Slice, ...]
    first: int
    end: int
    newest: bool
    marked: range = range(0)


class Step(NamedTuple):
    """What a fragment brings: ``skipped`` lines left out, then those of the reading, or ``found`` among them.

    ``end`` is the cursor after them.
    """

    reading: Reading
    skipped: int
    end: int
    found: tuple[Slice, ...] = ()


def place_asked() -> Place:
    """Where the request wants to be. Raises BadRequest, also if it names more than one place."""
    after, before, line = queries.whole("after"), queries.whole("before"), _lines(queries.text("line"))
    if sum(value is not None for value in (after, before, line)) > 1:
        raise BadRequest("Ask for one of after, before and line.")
    only = queries.only()
    if line and only:
        raise BadRequest("Ask for a line, or for the lines with a text or of a stream.")
    return Place(after, before, line, queries.text("follow") != "0", only)


async def window_at(runner: Runner, job_id: str, place: Place) -> Window:
    """The window at a place. Raises UnknownJob, BadCursor, NoSuchLine."""
    last = (await runner.job(job_id)).output.lines
    if place.only:
        return await _found_window(runner, job_id, place, last)
    after, upto = _bounds(place, last)
    marked = place.line or range(0)
    if marked and marked.start > last:
        raise NoSuchLine(f"There is no line {marked.start:,} yet: the last one is {last:,}.")
    reading, slices, end = await _collect(runner, job_id, after, upto)
    if marked and not _shows(slices, marked.start):
        raise NoSuchLine(f"Line {marked.start:,} was dropped by the job's limit.")
    first = next((part.first for part in slices if part.first is not None), 0)
    return Window(reading, slices, first, end, end >= last, marked)


async def _found_window(runner: Runner, job_id: str, place: Place, last: int) -> Window:
    if place.after is not None:
        async with searches().turn():
            found = await search_after(runner, job_id, place.after, place.only)
    else:
        upto = last if place.before is None else min(max(place.before - 1, 0), last)
        async with searches().turn():
            found = await search_before(runner, job_id, upto, place.only)
    return Window(found.reading, found.slices, found.first if last else 0, found.end, found.end >= last)


async def step_from(runner: Runner, job_id: str, after: int) -> Step:
    """The lines after a cursor; only the last window of them if the reader is far behind."""
    reading = await runner.lines(job_id, after, KEPT_LINES)
    last = reading.job.output.lines
    if last - after <= KEPT_LINES:
        return Step(reading, 0, reading.slice.next)
    start = last - WINDOW
    reading = await runner.lines(job_id, start, WINDOW)
    return Step(reading, start - after, reading.slice.next)


async def found_step(runner: Runner, job_id: str, after: int, only: Filter) -> Step:
    """The lines after a cursor that pass a filter; the rest of the search is for the next poll."""
    async with searches().turn():
        found = await search_after(runner, job_id, after, only)
    return Step(found.reading, 0, found.end, found.slices)


def _bounds(place: Place, last: int) -> tuple[int, int]:
    """The cursor to begin after and the last line to show."""
    if place.line is not None:
        after = max(0, place.line.start - 1 - CONTEXT)
    elif place.before is not None:
        upto = min(max(place.before - 1, 0), last)
        return max(0, upto - WINDOW), upto
    elif place.after is not None:
        after = place.after
        if after > last:
            raise BadCursor(after, last)
    else:
        after = max(0, last - WINDOW)
    return after, after + WINDOW


async def _collect(runner: Runner, job_id: str, after: int, upto: int) -> tuple[Reading, tuple[Slice, ...], int]:
    """The last reading, what is there after ``after`` and up to ``upto``, and the cursor reached."""
    slices: list[Slice] = []
    text = 0
    while True:
        reading = await runner.lines(job_id, after, max(1, upto - after))
        part = reading.slice
        if part.first is None:
            break
        if part.first > upto:
            part = Slice(None, upto, upto - after, ())
        slices.append(part)
        after = part.next
        text += sum(len(run.data) for run in part.runs)
        if after >= upto or text > SLICE_BYTES:
            break
    return reading, tuple(slices), after


def _shows(slices: Iterable[Slice], line: int) -> bool:
    return any(part.first is not None and part.first <= line <= part.next for part in slices)


def _lines(text: str | None) -> range | None:
    if text is None:
        return None
    match = _LINES.fullmatch(text)
    if match is None:
        raise BadRequest("The line must be a number, or two with a dash between them.")
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last:
        raise BadRequest("Lines are numbered from 1, the first of two before the second.")
    return range(first, last + 1)


def _words(lines: range) -> str:
    return str(lines.start) if len(lines) == 1 else f"{lines.start}-{lines.stop - 1}"
