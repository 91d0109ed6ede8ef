"""The list of all jobs as its page shows it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.catalogue import Command
from runner.job import JobPage
from runner.web import addresses
from runner.web.forms import OptionView
from runner.web.views import JobsView, jobs_view

_STATES = {"queued": "Waiting", "running": "Running", "stopping": "Stopping", "finished": "Finished"}


@dataclass(frozen=True, slots=True)
class ListingView:
    """A page of jobs, what it was filtered by, and the way to older ones (empty if there are none)."""

    list: JobsView
    states: tuple[OptionView, ...]
    commands: tuple[OptionView, ...]
    filtered: bool
    older: str


def listing_view(
    page: JobPage, commands: Mapping[str, Command], state: str | None, command: str | None, now: float
) -> ListingView:
    """One page of the list."""
    return ListingView(
        list=jobs_view(page.jobs, now),
        states=_options("Any state", _STATES, state),
        commands=_options("Any command", {name: known.title for name, known in commands.items()}, command),
        filtered=bool(state or command),
        older=addresses.jobs(state, command, page.next) if page.next else "",
    )


def _options(anything: str, labels: Mapping[str, str], chosen: str | None) -> tuple[OptionView, ...]:
    options = tuple(OptionView(value, label, value == chosen) for value, label in labels.items())
    return (OptionView("", anything, not chosen), *options)
