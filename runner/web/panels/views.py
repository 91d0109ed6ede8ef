"""What a panel's templates are given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from markupsafe import Markup

from runner.job import Job
from runner.lines import Slice
from runner.service import Reading
from runner.web import addresses, wording
from runner.web.ansi import render
from runner.web.auth.rights import JobRights
from runner.web.chunks import Chunk, chunks_of
from runner.web.logview import LiveView, LogView, OpenView, live_view, open_views
from runner.web.panels.badge import BadgeView, badge_of
from runner.web.panels.options import PanelOptions, Size
from runner.web.views import JobView, job_view

LIVE = "load, every 3s"
SLOW = "every 3s"
WATCH = "every 5s"
"""When a poll is sent: at once and again after its answer; every 3 s; and for the next job of a command."""

LAST_BYTES = 2_000
"""How much of its last line a panel of one line shows."""

_SEEN_BYTES = 5

NO_RIGHTS = JobRights(stop=False, download=False, rerun=False, share=False)
"""What there is to do with a job that there is not."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a panel is about: the job or command at ``path`` within the app. ``latest``: a command's newest job."""

    path: str
    title: str
    latest: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A panel as somebody asked for it. ``origin`` stands before its addresses in other sites' pages, else empty.

    ``framed``: it stands in a page of ours, so that its forms can be posted.
    """

    subject: Subject
    options: PanelOptions
    rights: JobRights
    framed: bool
    origin: str = ""

    @property
    def page_path(self) -> str:
        """The path within the app of the panel as a page."""
        return addresses.within(addresses.panel(self.subject.path, **self.options.query))


@dataclass(frozen=True, slots=True)
class PollView:
    """Where and when news of the panel are asked for; ``config`` says how long an answer may take."""

    url: str
    trigger: str
    config: str = "timeout:27s"


@dataclass(frozen=True, slots=True)
class PanelView:
    """A panel's changing part. ``title`` is empty if none is to be shown, ``job`` None before there is one.

    ``lined`` says that it shows lines, though there may be none yet; ``gone`` that they have expired; ``framed``
    that it stands in a page of ours, where ids are free. ``back`` is where the stop form leads to, empty if there is
    none; ``full_url`` is empty without a page to go to.
    """

    css: str
    name: str
    title: str
    job: JobView | None
    chunks: tuple[Chunk, ...]
    open: tuple[OpenView, ...]
    last: Markup
    log: LogView | None
    live: LiveView | None
    image: bool
    lined: bool
    lines: bool
    gone: bool
    framed: bool
    poll: PollView | None
    back: str
    full_url: str
    badge: BadgeView


@dataclass(frozen=True, slots=True)
class Content:
    """What was found of a panel's job; ``job`` is None before there is one, ``reading`` once its output is gone.

    ``slices`` are its newest lines, ``log`` the reader of the largest size.
    """

    job: Job | None = None
    reading: Reading | None = None
    slices: tuple[Slice, ...] = ()
    log: LogView | None = None


def seen_of(content: Content, size: Size) -> str:
    """A short word that is another one whenever the panel has something new to show."""
    job, reading = content.job, content.reading
    if job is None:
        return "none"
    if size is Size.FULL:
        return job.id  # its lines come by themselves
    words = f"{job.id} {job.output.lines} {reading.revision if reading else -1} {job.state.name}"
    return hashlib.blake2s(words.encode(), digest_size=_SEEN_BYTES).hexdigest()


def panel_view(asked: Asked, content: Content, now: float, slow: bool = False) -> PanelView:
    """A panel's changing part. ``slow`` asks the reader's browser to come again later only."""
    options, reading = asked.options, content.reading
    job = job_view(content.job, now, asked.rights) if content.job else None
    name = options.title or asked.subject.title
    tail = options.size is Size.TAIL
    return PanelView(
        css=_css(options, job),
        name=name,
        title="" if options.title == "" else name,
        job=job,
        chunks=tuple(chunks_of(content.slices, gutter=options.gutter)) if tail else (),
        open=open_views(reading.open) if reading and tail else (),
        last=_last(reading, content.slices) if options.size is Size.LINE else Markup(),
        log=content.log,
        live=live_view(content.job, now) if content.job else None,
        image=options.size is Size.BADGE,
        lined=options.size in (Size.TAIL, Size.FULL),
        lines=tail and not is_gone(content.job) and content.job is not None,
        gone=is_gone(content.job),
        framed=asked.framed,
        poll=_poll(asked, content, slow),
        back=asked.page_path if asked.framed and options.buttons and job and job.may_stop else "",
        full_url=f"{asked.origin}{job.url}" if job and not options.share else "",
        badge=badge_of(name, job),
    )


def is_gone(job: Job | None) -> bool:
    """Whether the job's output has expired."""
    return job is not None and job.finished is not None and job.finished.expired_at is not None


def _css(options: PanelOptions, job: JobView | None) -> str:
    words = ["linefeed-panel", options.size.value, job.look.css if job else "none"]
    return " ".join([*words, *["times"] * options.gutter.times, *["bare"] * (not options.gutter.numbers)])


def _last(reading: Reading | None, slices: tuple[Slice, ...]) -> Markup:
    runs = [run for part in slices for run in part.runs]
    if reading is None or not (runs or reading.open):
        return Markup()
    data = reading.open[-1].data if reading.open else runs[-1].data.removesuffix(b"\n").rpartition(b"\n")[2]
    return Markup(render(data[:LAST_BYTES]))  # nosec B704 # noqa: S704 - `render` escapes


def _poll(asked: Asked, content: Content, slow: bool) -> PollView | None:
    over = content.job is None or content.job.finished is not None
    size, latest = asked.options.size, asked.subject.latest
    if (over or size is Size.FULL) and not latest:
        return None
    query = {**asked.options.query, "seen": seen_of(content, size), "framed": 1 if asked.framed else None}
    url = asked.origin + addresses.panel_fragment(asked.subject.path, **query)
    return PollView(url, WATCH if over or size is Size.FULL else SLOW if slow else LIVE)


def badge_line(name: str, job: JobView | None) -> str:
    """The badge as a line of text."""
    if job is None:
        return f"{name}: not run yet\n"
    return wording.cut(f"{name}: {job.look.label}, {job.lines}", 200) + "\n"
