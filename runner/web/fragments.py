"""Fragments: what the pollers of a page ask for."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from functools import partial

from jinja2 import Environment
from quart import Blueprint, Response, current_app, render_template

from runner.errors import BadCursor, OutputExpired, UnknownJob
from runner.job import Job
from runner.web import addresses, queries, views
from runner.web.auth.asking import rights_on
from runner.web.auth.rights import EVERY_JOB_RIGHT, JobRights
from runner.web.browser import browser_of
from runner.web.chunks import KEPT_LINES, Chunk, chunks_of, fallen_blocks, found_chunks, skipped_chunk
from runner.web.context import holds, runner, shared_answers
from runner.web.embedding import as_fragment
from runner.web.listing import PAGE_JOBS, RECENT, list_place, list_rows, listing
from runner.web.logview import (
    FRESH_HOLD_SECONDS,
    Following,
    LiveView,
    hold_seconds,
    is_over,
    live_view,
    poller_view,
)
from runner.web.windows import Step, found_step, step_from

PACE_SECONDS = 0.1
"""How long a poll that finds something waiting lets more of it gather."""

LOOK_SECONDS = 0.25
LOOKS = 8
"""How often a poll for lines of a kind looks again while others come, before it answers that there are none."""

HEAVY_BYTES = 256 << 10
"""Output with escape sequences is rendered in a thread from this size on: it may take long."""

blueprint = Blueprint("fragments", __name__)


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll found after its cursor; ``slow`` asks the browser to come again later only."""

    after: int
    step: Step
    how: Following
    slow: bool = False
    rights: JobRights = EVERY_JOB_RIGHT


@blueprint.get("/jobs/<job_id>/lines")
async def lines(job_id: str) -> Response:
    """The lines after a cursor and the next poller; waits for lines."""
    after, seen = queries.after(), queries.seen()
    how = _following()
    try:
        poll = await _poll(job_id, after, seen, how)
    except (UnknownJob, OutputExpired) as error:
        return Response(await render_template("fragments/gone.html", sentence=str(error), url=""))
    except BadCursor:
        return Response(await render_template("fragments/gone.html", sentence="", url=addresses.job(job_id)))
    poll = replace(poll, rights=rights_on(poll.step.reading.job))
    response = Response(await _rendered(poll), content_type="text/html; charset=utf-8")
    return as_fragment(response) if how.panel else response


def _following() -> Following:
    """How the page of this poll follows, as the poll says."""
    return Following(
        only=queries.only(),
        shown=queries.whole("shown") or 0,
        panel=queries.switch("panel"),
        gutter=queries.gutter(),
        share=queries.text("share") or "",
    )


@blueprint.get("/fragments/jobs")
async def recent_jobs() -> str:
    """The rows of a list of jobs."""
    now = time.time()
    place = replace(list_place(queries.limit(RECENT, PAGE_JOBS)), rows=list_rows())
    found = await listing(runner(), place, now)
    return await render_template("fragments/jobs_news.html", listing=found, live=LiveView.at(now))


async def _poll(job_id: str, after: int, seen: int | None, how: Following) -> Poll:
    step = await _step(job_id, after, how)
    if _is_news(step, after, seen):
        if not is_over(step.reading, step.end):
            await asyncio.sleep(PACE_SECONDS)
            step = await (_passing_step if how.only else _step)(job_id, after, how)
        return Poll(after, step, how)
    browser = browser_of()
    if how.panel and browser is None:
        # Somebody else's page: its browser cannot be told apart, and may have many panels open.
        return Poll(after, step, how, slow=True)
    with holds().hold(browser) as may_wait:
        if not may_wait:
            return Poll(after, step, how, slow=True)
        return await _held(step.reading.job, after, seen, how)


async def _held(job: Job, after: int, seen: int | None, how: Following) -> Poll:
    began = time.monotonic()
    hold = hold_seconds(job, time.time())
    reading = await runner().lines(job.id, after, KEPT_LINES, wait=hold, seen=seen)
    step = Step(reading, 0, reading.slice.next)
    if how.only and step.end > after:
        step = await _passing_step(job.id, after, how)
    # A server that is leaving answers every poll at once; its readers must not come again at once.
    slow = not _is_news(step, after, seen) and time.monotonic() - began < FRESH_HOLD_SECONDS / 2
    return Poll(after, step, how, slow)


async def _passing_step(job_id: str, after: int, how: Following) -> Step:
    """Lines flow, but perhaps none that passes: look again a few times before saying so."""
    for _ in range(LOOKS):
        step = await _step(job_id, after, how)
        if any(part.runs for part in step.found) or step.reading.job.finished:
            break
        await asyncio.sleep(LOOK_SECONDS)
    return step


async def _step(job_id: str, after: int, how: Following) -> Step:
    return await found_step(runner(), job_id, after, how.only) if how.only else await step_from(runner(), job_id, after)


def _is_news(poll_step: Step, after: int, seen: int | None) -> bool:
    reading = poll_step.reading
    return poll_step.end > after or reading.job.finished is not None or seen not in (None, reading.revision)


async def _rendered(poll: Poll) -> bytes:
    """The answer, shared by everybody who polls at this cursor in this second."""
    now = time.time()
    reading = poll.step.reading
    job, revision = reading.job, reading.revision
    found = poll.step.end, poll.step.skipped, poll.how
    key = ("fragment", job.id, poll.after, found, job.output, revision, int(now), poll.slow, poll.rights)
    if not _is_heavy(poll):
        return shared_answers().get(key, partial(_render, environment(), poll, now))
    body = await asyncio.to_thread(_render, environment(), poll, now)
    return shared_answers().get(key, lambda: body)


def _render(templates: Environment, poll: Poll, now: float) -> bytes:
    reading, how, end = poll.step.reading, poll.how, poll.step.end
    chunks = _chunks(poll)
    shown = how.shown + sum(chunk.lines for chunk in chunks)
    fallen = fallen_blocks(how.shown, shown) if how.only else fallen_blocks(poll.after, end)
    html = templates.get_template("fragments/lines.html").render(
        chunks=chunks,
        poller=poller_view(reading, end, now, replace(how, shown=shown), poll.slow),
        fallen=[f"#log .b{block}" for block in fallen],
        job=views.job_view(reading.job, now, poll.rights),
        # Shared by many readers; a browser that polls says by itself from which page it posts.
        form_token="",  # nosec B106 # none
        live=live_view(reading.job, now),
        panel=how.panel,
    )
    return html.encode()


def _chunks(poll: Poll) -> list[Chunk]:
    step, only = poll.step, poll.how.only
    if only:
        return found_chunks(step.found, only.text, poll.how.shown)
    chunks = chunks_of([step.reading.slice], gutter=poll.how.gutter)
    if not step.skipped:
        return chunks
    url = addresses.job(step.reading.job.id, after=poll.after, follow=0)
    return [skipped_chunk(url, step.skipped, poll.after), *chunks]


def _is_heavy(poll: Poll) -> bool:
    runs = poll.step.reading.slice.runs
    return sum(len(run.data) for run in runs) > HEAVY_BYTES and any(b"\x1b" in run.data for run in runs)


def environment() -> Environment:
    """The app's templates, rendered without waiting: that is what lets one rendering be shared."""
    found: Environment | None = current_app.extensions.get("linefeed_fragments")
    if found is None:
        found = current_app.extensions["linefeed_fragments"] = current_app.jinja_env.overlay(enable_async=False)
    return found
