"""The list of jobs on the dashboard and on its own page: one list, kept fresh in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.catalogue import Command
from runner.job import Job, JobPage
from runner.service import Runner
from runner.web import addresses, queries
from runner.web.forms import OptionView
from runner.web.views import JobView, job_view

RECENT = 25
"""Jobs on the dashboard."""

PAGE_JOBS = 50
"""Jobs on a page of the list."""

_STATES = {"queued": "Waiting", "running": "Running", "stopping": "Stopping", "finished": "Finished"}


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Which jobs a list shows: filtered, and those before a job. ``since`` is its newest when the page was made."""

    state: str | None = None
    command: str | None = None
    before: str | None = None
    limit: int = PAGE_JOBS
    since: str | None = None


@dataclass(frozen=True, slots=True)
class RowView:
    """One row; ``css`` says whether it came after the page."""

    job: JobView
    css: str


@dataclass(frozen=True, slots=True)
class ListingView:
    """The jobs and how to filter them. ``poll`` is where their news are asked for, ``older`` is empty at the end."""

    rows: tuple[RowView, ...]
    states: tuple[OptionView, ...]
    commands: tuple[OptionView, ...]
    filtered: bool
    active: bool
    poll: str
    older: str


def list_place(limit: int = PAGE_JOBS) -> ListPlace:
    """What the request asks for. The filter's own form sends empty texts for "any". Raises BadRequest."""
    state = queries.state() if queries.text("state") else None
    return ListPlace(state, queries.text("command") or None, queries.text("before") or None, limit)


async def listing(runner: Runner, place: ListPlace, now: float) -> ListingView:
    """The list at a place. Raises UnknownJob if ``before`` is none."""
    found = await runner.jobs(place.state, place.command, place.limit, place.before)
    return listing_view(found, runner.commands, place, now)


def listing_view(found: JobPage, commands: Mapping[str, Command], place: ListPlace, now: float) -> ListingView:
    """One page of the list. Pure."""
    since = place.since if place.since is not None else (found.jobs[0].id if found.jobs else "")
    views = [job_view(job, now) for job in found.jobs]
    new = 0 if place.since is None else _newer_than(found.jobs, since)
    names = {name: known.title for name, known in commands.items()}
    return ListingView(
        rows=tuple(RowView(view, view.look.css + " new" * (row < new)) for row, view in enumerate(views)),
        states=_options("Any state", _STATES, place.state),
        commands=_options("Any command", names, place.command),
        filtered=bool(place.state or place.command),
        active=any(not view.finished for view in views),
        poll=addresses.list_poll(place.state, place.command, place.before, place.limit, since),
        older=addresses.jobs(place.state, place.command, found.next) if found.next else "",
    )


def _newer_than(jobs: tuple[Job, ...], job_id: str) -> int:
    """How many jobs stand before that one; all of them if it is not there."""
    return next((row for row, job in enumerate(jobs) if job.id == job_id), len(jobs))


def _options(anything: str, labels: Mapping[str, str], chosen: str | None) -> tuple[OptionView, ...]:
    options = tuple(OptionView(value, label, value == chosen) for value, label in labels.items())
    return (OptionView("", anything, not chosen), *options)
