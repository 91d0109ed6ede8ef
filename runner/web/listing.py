"""The list of jobs on the dashboard and on its own page: one list, kept fresh in place."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice

from runner.catalogue import Command
from runner.job import Job, JobPage, Visible
from runner.service import Runner
from runner.web import addresses, queries
from runner.web.auth.asking import visible
from runner.web.forms import OptionView
from runner.web.views import JobView, job_view

RECENT = 25
"""Jobs on the dashboard."""

PAGE_JOBS = 50
"""Jobs on a page of the list."""

MOST_ROWS = 2 * PAGE_JOBS
"""Rows of a page: those of the list, and as many that stay where they were."""

_STATES = {"queued": "Waiting", "running": "Running", "stopping": "Stopping", "finished": "Finished"}


@dataclass(frozen=True, slots=True)
class Rows:
    """The jobs that a page has now, by their ids: those it was made with, and those that came later."""

    made_with: frozenset[str]
    came: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Which jobs a list shows: filtered, and those before a job. ``rows`` is None while the page is made.

    ``visible`` are the jobs that the reader sees; None for all.
    """

    state: str | None = None
    command: str | None = None
    before: str | None = None
    limit: int = PAGE_JOBS
    rows: Rows | None = None
    visible: Visible | None = None

    def shows(self, command: str) -> bool:
        """Whether jobs of a command are seen, whoever started them."""
        return self.visible is None or self.visible.commands is None or command in self.visible.commands


@dataclass(frozen=True, slots=True)
class RowView:
    """One row; ``css`` says whether it came after the page, ``field`` tells the same to the next poll."""

    job: JobView
    css: str
    field: str


@dataclass(frozen=True, slots=True)
class ListingView:
    """The jobs and how to filter them. ``poll`` is where their news are asked for, ``older`` is empty at the end.

    ``stale``: some of them are there only because the page had them before.
    """

    rows: tuple[RowView, ...]
    states: tuple[OptionView, ...]
    commands: tuple[OptionView, ...]
    filtered: bool
    stale: bool
    active: bool
    poll: str
    older: str


def list_place(limit: int = PAGE_JOBS) -> ListPlace:
    """What the request asks for. The filter's own form sends empty texts for "any". Raises BadRequest."""
    state = queries.state() if queries.text("state") else None
    command, before = queries.text("command") or None, queries.text("before") or None
    return ListPlace(state, command, before, limit, visible=visible())


def list_rows() -> Rows:
    """The rows that the page of this poll has, as it says. Raises BadRequest if they are more than a page can have."""
    made_with, came = queries.each("row", MOST_ROWS), queries.each("new", MOST_ROWS)
    return Rows(frozenset(made_with), frozenset(came))


async def listing(runner: Runner, place: ListPlace, now: float) -> ListingView:
    """The list at a place, of what the reader sees. Raises UnknownJob if ``before`` is none of these."""
    found = await runner.jobs(place.state, place.command, place.limit, place.before, place.visible)
    kept = await _kept(runner, place, found)
    # Each is newest first already, and stays as it is: a clock that was set back does not move rows.
    jobs = tuple(heapq.merge(found.jobs, kept, key=lambda job: -job.queued_at))
    shown = {name: each for name, each in runner.commands.items() if place.shows(name)}
    return listing_view(replace(found, jobs=jobs), shown, place, now)


async def _kept(runner: Runner, place: ListPlace, found: JobPage) -> list[Job]:
    """The jobs of the page's rows that are not in the state any more for which it was filtered.

    A row that went would pull those below it up, under the pointer of somebody who is about to press one.
    """
    if place.state is None or place.rows is None:
        return []
    missing = (place.rows.made_with | place.rows.came) - {job.id for job in found.jobs}
    left = (job for job in await runner.some(missing, place.visible) if job.state.name != place.state)
    return list(islice(left, place.limit))


def listing_view(found: JobPage, commands: Mapping[str, Command], place: ListPlace, now: float) -> ListingView:
    """One page of the list. Pure."""
    rows = tuple(_row(job_view(job, now), place) for job in found.jobs)
    names = {name: known.title for name, known in commands.items()}
    return ListingView(
        rows=rows,
        states=_options("Any state", _STATES, place.state),
        commands=_options("Any command", names, place.command),
        filtered=bool(place.state or place.command),
        stale=any(_is_stale(row.job, place) for row in rows),
        active=any(not row.job.finished for row in rows),
        poll=addresses.list_poll(place.state, place.command, place.before, place.limit),
        older=addresses.jobs(place.state, place.command, found.next) if found.next else "",
    )


def _row(job: JobView, place: ListPlace) -> RowView:
    new = place.rows is not None and job.id not in place.rows.made_with
    css = job.look.css + " new" * new + " stale" * _is_stale(job, place)
    return RowView(job, css, "new" if new else "row")


def _is_stale(job: JobView, place: ListPlace) -> bool:
    return place.state is not None and job.state != place.state


def _options(anything: str, labels: Mapping[str, str], chosen: str | None) -> tuple[OptionView, ...]:
    options = tuple(OptionView(value, label, value == chosen) for value, label in labels.items())
    return (OptionView("", anything, not chosen), *options)
