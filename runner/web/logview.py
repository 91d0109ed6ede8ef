"""What the log of a job page is given: its chunks, the open text, the poller, the ways to other windows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from runner.lines import OpenText
from runner.service import Reading
from runner.web import addresses
from runner.web.ansi import render
from runner.web.chunks import Chunk
from runner.web.windows import Place, Window

LIVE = "load, every 3s"
SLOW = "every 3s"


@dataclass(frozen=True, slots=True)
class OpenView:
    """A stream's unfinished line."""

    css: str
    label: str
    html: Markup


@dataclass(frozen=True, slots=True)
class PollerView:
    """The element that asks for the next lines; ``trigger`` says when, ``note`` what a reader sees meanwhile."""

    url: str
    trigger: str
    note: str
    open: tuple[OpenView, ...]


@dataclass(frozen=True, slots=True)
class LogView:
    """The log of a page. ``poller`` is None in a still window and after the end; an empty address is no link."""

    css: str
    chunks: tuple[Chunk, ...]
    poller: PollerView | None
    open: tuple[OpenView, ...]
    note: str
    shown: str
    first: str
    earlier: str
    later: str
    newest: str
    pause: str


def poller_view(reading: Reading, after: int, slow: bool = False) -> PollerView | None:
    """The poller that goes on after a cursor; None once the job is over and all of it was sent."""
    if is_over(reading, after):
        return None
    note = "" if after or reading.open else "Nothing written yet."
    if slow:
        note = "This browser follows several jobs at once; this one is asked for every 3 seconds."
    url = addresses.lines(reading.job.id, after, reading.revision)
    return PollerView(url, SLOW if slow else LIVE, note, open_views(reading.open))


def is_over(reading: Reading, after: int) -> bool:
    """Whether nothing can come after this cursor any more."""
    return reading.job.finished is not None and after >= reading.job.output.lines


def open_views(texts: Iterable[OpenText]) -> tuple[OpenView, ...]:
    """The unfinished lines, stdout first."""
    return tuple(
        OpenView(
            css=text.stream.label.removeprefix("std"),
            label="" if text.stream.label == "stdout" else "stderr: ",
            html=Markup(render(text.data)),  # noqa: S704 - `render` escapes
        )
        for text in sorted(texts)
    )


def log_view(window: Window, place: Place, chunks: Iterable[Chunk]) -> LogView:
    """The log of a page that shows ``window`` because ``place`` was asked for."""
    job = window.reading.job
    over = is_over(window.reading, window.end)
    at_end = window.newest and place.follow and (not over or place == Place())
    first = window.first
    return LogView(
        css="follows" if at_end else "still",
        chunks=tuple(chunks),
        poller=poller_view(window.reading, window.end) if window.newest and place.follow else None,
        open=open_views(window.reading.open) if window.newest else (),
        note="It wrote nothing." if over and not job.output.lines else "",
        shown="" if at_end and not over else _shown(window),
        first=addresses.job(job.id, after=0) if first > 1 else "",
        earlier=addresses.job(job.id, before=first) if first > 1 else "",
        later="" if window.newest else addresses.job(job.id, after=window.end),
        newest="" if window.newest and place.follow else addresses.job(job.id),
        pause=addresses.job(job.id, follow=0) if at_end and not over else "",
    )


def _shown(window: Window) -> str:
    total = f"{window.reading.job.output.lines:,}"
    return f"Lines {window.first:,} to {window.end:,} of {total}" if window.first else ""
