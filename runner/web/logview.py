"""What the log of a job page is given: its chunks, the open text, the poller, the ways to other windows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from markupsafe import Markup

from runner.job import Job
from runner.lines import OpenText, Stream
from runner.service import Reading
from runner.web import addresses, wording
from runner.web.ansi import render
from runner.web.chunks import NUMBERS, Chunk, Gutter
from runner.web.forms import OptionView
from runner.web.matching import ALL_LINES, Filter
from runner.web.windows import Place, Window

# `intersect` is at once where the poller can be seen; out of sight, or in a hidden tab, every 3 seconds will do.
HOLD_SECONDS = 20.0
"""How long a poll waits for a line."""

FRESH_HOLD_SECONDS = 5.0
"""The same while the last output is younger than ``FRESH_SECONDS``, so that its age is seen to grow."""

FRESH_SECONDS = 60.0

PATIENCE_SECONDS = 7.0
"""How much longer than a poll is held the page waits for its answer."""

LIVE = "intersect rootMargin:1000px, every 3s"
SLOW = "every 3s"


@dataclass(frozen=True, slots=True)
class OpenView:
    """A stream's unfinished line."""

    css: str
    label: str
    html: Markup


@dataclass(frozen=True, slots=True)
class PollerView:
    """The element that asks for the next lines; ``trigger`` says when, ``note`` what a reader sees meanwhile.

    ``config`` says how long it waits for an answer before it takes the request for lost.
    """

    url: str
    trigger: str
    config: str
    note: str
    open: tuple[OpenView, ...]


@dataclass(frozen=True, slots=True)
class Following:
    """How a poller goes on: ``only`` which lines, ``shown`` how many of those there were, in a panel or not.

    ``gutter`` is what stands beside each line; ``share`` the share link's token with which they are read, if any.
    """

    only: Filter = ALL_LINES
    shown: int = 0
    panel: bool = False
    gutter: Gutter = NUMBERS
    share: str = ""

    @property
    def query(self) -> dict[str, object]:
        """What the poller's address says of it."""
        return {
            **self.only.query,
            "shown": self.shown if self.only else None,
            "panel": 1 if self.panel else None,
            **self.gutter.query,
            "share": self.share or None,
        }


PLAINLY = Following()


@dataclass(frozen=True, slots=True)
class WindowLink:
    """A way to another part of the output; ``css`` says that it is of use only until the job ends."""

    url: str
    text: str
    rel: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class LogView:
    """The log of a page. ``poller`` is None in a still window and after the end.

    ``shown`` says in words which lines these are, ``refresh_anchor`` where a refreshed page lands.
    """

    css: str
    chunks: tuple[Chunk, ...]
    poller: PollerView | None
    open: tuple[OpenView, ...]
    note: str
    shown: str
    links: tuple[WindowLink, ...]
    text: str
    streams: tuple[OptionView, ...]
    all_lines: str
    anchor: str


@dataclass(frozen=True, slots=True)
class LiveView:
    """Whether the page is up to date, as its style sheet shows it: an answer that is not followed by another ages.

    ``css`` says how soon that is late: soon after lively output, since those polls are held for a short time.
    """

    css: str
    late: str
    lost: str

    @classmethod
    def at(cls, now: float, css: str = "soon") -> LiveView:
        """For a page that was answered now."""
        since = wording.clock_seconds(now)
        return cls(css, f"Delayed since {since}", f"Disconnected since {since}")


def live_view(job: Job, now: float) -> LiveView | None:
    """How up to date a job's page is; None once the job is over."""
    if job.finished:
        return None
    return LiveView.at(now, "soon" if hold_seconds(job, now) < HOLD_SECONDS else "later")


def hold_seconds(job: Job, now: float) -> float:
    """How long a poll for this job waits."""
    since = job.output.last_at or job.started_at or job.queued_at
    return FRESH_HOLD_SECONDS if now - since < FRESH_SECONDS else HOLD_SECONDS


def poller_view(
    reading: Reading, after: int, now: float, how: Following = PLAINLY, slow: bool = False
) -> PollerView | None:
    """The poller that goes on after a cursor; None once the job is over and all of it was sent."""
    if is_over(reading, after):
        return None
    note = ""
    if slow and not how.panel:
        note = "This browser follows several jobs at once; this one is asked for every 3 seconds."
    elif not (after or reading.open):
        note = "Nothing written yet."
    url = addresses.lines(reading.job.id, after, reading.revision, **how.query)
    patience = f"timeout:{hold_seconds(reading.job, now) + PATIENCE_SECONDS:g}s"
    return PollerView(url, SLOW if slow else LIVE, patience, note, open_views(reading.open, how.only))


def is_over(reading: Reading, after: int) -> bool:
    """Whether nothing can come after this cursor any more."""
    return reading.job.finished is not None and after >= reading.job.output.lines


def open_views(texts: Iterable[OpenText], only: Filter = ALL_LINES) -> tuple[OpenView, ...]:
    """The unfinished lines, stdout first; a filtered view has none, since they may yet become anything."""
    if only:
        return ()
    return tuple(
        OpenView(
            css=text.stream.label.removeprefix("std"),
            label="" if text.stream.label == "stdout" else "stderr: ",
            html=Markup(render(text.data)),  # nosec B704 # noqa: S704 - `render` escapes
        )
        for text in sorted(texts)
    )


def log_view(window: Window, place: Place, chunks: Iterable[Chunk], now: float, how: Following = PLAINLY) -> LogView:
    """The log of a page that shows ``window`` because ``place`` was asked for."""
    job, chunks = window.reading.job, tuple(chunks)
    over = is_over(window.reading, window.end)
    following = window.newest and place.follow
    count = sum(chunk.lines for chunk in chunks if chunk.html)
    how = replace(how, only=place.only, shown=count)
    return LogView(
        css="follows" if _opens_at_end(window, place, over) else "still",
        chunks=chunks,
        poller=poller_view(window.reading, window.end, now, how) if following else None,
        open=open_views(window.reading.open, place.only) if window.newest else (),
        note=_note(window, place, count, over),
        shown="" if following and not over and not place.only else _shown(window, place, count),
        links=tuple(_links(window, place, over)),
        text=place.only.text,
        streams=_stream_options(place.only.stream),
        all_lines=addresses.job(job.id) if place.only else "",
        anchor="#marked" if place.line else "#end",
    )


def _opens_at_end(window: Window, place: Place, over: bool) -> bool:
    if place.line or not (window.newest and place.follow):
        return False
    return not over or (place.after is None and place.before is None)


def _links(window: Window, place: Place, over: bool) -> Iterable[WindowLink]:
    job_id, only = window.reading.job.id, place.only.query
    if window.first > 1:
        yield WindowLink(addresses.job(job_id, after=0, **only), "First lines")
        yield WindowLink(addresses.job(job_id, before=window.first, **only), "Older lines", "prev")
    if not window.newest:
        yield WindowLink(addresses.job(job_id, after=window.end, **only), "Newer lines", "next")
    if not (window.newest and place.follow):
        newest = "Newest lines" if window.reading.job.finished else "Follow live"
        yield WindowLink(addresses.job(job_id, **only), newest)
    elif not over:
        yield WindowLink(addresses.job(job_id, **{**place.query, "follow": 0}), "Hold still", css="until-end")


def _note(window: Window, place: Place, count: int, over: bool) -> str:
    output = window.reading.job.output
    if not place.only:
        return "It wrote nothing." if over and not output.lines else ""
    return "" if count else "No such line among these."


def _shown(window: Window, place: Place, count: int) -> str:
    if not window.first:
        return ""
    total = f"{window.reading.job.output.lines:,}"
    part = f"ines {window.first:,} to {window.end:,} of {total}"
    return f"{wording.count(count, 'line')} found, looked through l{part}" if place.only else f"L{part}"


def _stream_options(chosen: Stream | None) -> tuple[OptionView, ...]:
    streams = tuple(OptionView(stream.label, f"Only {stream.label}", stream is chosen) for stream in Stream)
    return (OptionView("", "Both streams", chosen is None), *streams)
