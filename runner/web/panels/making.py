"""What a panel shows now: read, waited for, and rendered."""

from __future__ import annotations

import asyncio
import time

from runner.errors import OutputExpired
from runner.job import Job
from runner.lines import Slice
from runner.web.browser import browser_of
from runner.web.chunks import chunks_of
from runner.web.context import holds, runner, shared_answers
from runner.web.fragments import environment
from runner.web.logview import FRESH_HOLD_SECONDS, Following, hold_seconds, log_view
from runner.web.panels.options import PanelOptions, Size
from runner.web.panels.views import Asked, Content, is_gone, panel_view, seen_of
from runner.web.windows import Place, window_at

PACE_SECONDS = 0.5
"""How long a poll that finds news lets more of it gather: what it brings is made anew each time."""


async def content_of(job: Job | None, options: PanelOptions) -> Content:
    """What there is to show of a job, or of none."""
    if job is None or is_gone(job):
        return Content(job)
    try:
        return await (_reader(job, options) if options.size is Size.FULL else _newest(job, options))
    except OutputExpired:  # between two looks at it
        return Content(await runner().job(job.id))


async def news_after(job: Job | None, asked: Asked, seen: str) -> Content | None:
    """What there is to show once it is not what the reader has ``seen``; None if that did not become so in time.

    Waits only for a browser that is known, and has not too many polls held already.
    """
    options, glimpse = asked.options, await _glimpse(job)
    reading = glimpse.reading
    still = reading is None or reading.job.finished or options.size is Size.FULL
    if seen == seen_of(glimpse, options.size) and (still or not await _changes(glimpse, asked)):
        return None
    await asyncio.sleep(PACE_SECONDS)
    found = await content_of(await runner().job(job.id) if job else None, options)
    return None if seen == seen_of(found, options.size) else found


async def _glimpse(job: Job | None) -> Content:
    """How a job stands, without its lines: what is not delivered must not count as read, or nothing would expire."""
    if job is None or is_gone(job):
        return Content(job)
    try:
        reading = await runner().lines(job.id, job.output.lines, 1)
    except OutputExpired:
        return Content(await runner().job(job.id))
    return Content(reading.job, reading)


async def _changes(content: Content, asked: Asked) -> bool:
    """Wait for something new of the job, if this browser may; whether there is.

    Never long for a command's latest: a new job of it does not end the waiting.
    """
    reading, browser = content.reading, browser_of()
    if reading is None or browser is None:
        return False
    with holds().hold(browser) as may_wait:
        if not may_wait:
            return False
        job, last = reading.job, reading.job.output.lines
        hold = FRESH_HOLD_SECONDS if asked.subject.latest else hold_seconds(job, time.time())
        now = await runner().lines(job.id, last, 1, wait=hold, seen=reading.revision)
    return now.slice.next > last or now.revision != reading.revision or now.job.finished is not None


async def _newest(job: Job, options: PanelOptions) -> Content:
    """Its newest lines: as many as the panel shows."""
    wanted = {Size.TAIL: options.lines, Size.LINE: 1}.get(options.size, 0)
    slices: list[Slice] = []
    after = max(0, job.output.lines - wanted)
    reading = await runner().lines(job.id, after, max(wanted, 1))
    if wanted and reading.slice.first is not None:
        slices.append(reading.slice)
    return Content(reading.job, reading, tuple(slices))


async def _reader(job: Job, options: PanelOptions) -> Content:
    place = Place()
    window = await window_at(runner(), job.id, place)
    chunks = await asyncio.to_thread(chunks_of, window.slices, window.marked, options.gutter)
    how = Following(panel=True, gutter=options.gutter, share=options.share)
    return Content(window.reading.job, window.reading, log=log_view(window, place, chunks, time.time(), how))


def rendered(asked: Asked, content: Content) -> bytes:
    """A panel's changing part, shared by everybody who asks for the same in this second."""
    now = time.time()
    slow = browser_of() is None

    def make() -> bytes:
        view = panel_view(asked, content, now, slow)
        # A browser that polls says by itself from which page it posts.
        html = environment().get_template("panels/fragment.html").render(panel=view, form_token="")  # nosec B106 # none
        return html.encode()

    return shared_answers().get(("panel", asked, seen_of(content, asked.options.size), int(now), slow), make)
