"""Fragments: what the pollers of a page ask for."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial

from jinja2 import Environment
from quart import Blueprint, Response, current_app, render_template

from runner.errors import BadCursor, UnknownJob
from runner.job import Job
from runner.web import addresses, queries, views
from runner.web.browser import browser_of
from runner.web.chunks import KEPT_LINES, Chunk, chunks_of, fallen_blocks, skipped_chunk
from runner.web.context import holds, runner, shared_answers
from runner.web.logview import is_over, poller_view
from runner.web.windows import Step, step_from

HOLD_SECONDS = 20.0
"""How long a poll waits for a line."""

FRESH_HOLD_SECONDS = 5.0
"""The same while the last output is younger than a minute, so that its age is seen to grow."""

PACE_SECONDS = 0.1
"""How long a poll that finds something waiting lets more of it gather."""

HEAVY_BYTES = 256 << 10
"""Output with escape sequences is rendered in a thread from this size on: it may take long."""

RECENT = 25
"""Jobs on the dashboard."""

blueprint = Blueprint("fragments", __name__)


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll found after its cursor; ``slow`` asks the browser to come again later only."""

    after: int
    step: Step
    slow: bool = False

    @property
    def end(self) -> int:
        """The cursor after the lines found."""
        return self.step.reading.slice.next


@blueprint.get("/jobs/<job_id>/lines")
async def lines(job_id: str) -> Response:
    """The lines after a cursor and the next poller; waits for lines."""
    after, seen = queries.after(), queries.seen()
    try:
        poll = await _poll(job_id, after, seen)
    except UnknownJob:
        return Response(await render_template("fragments/gone.html", url=""))
    except BadCursor:
        return Response(await render_template("fragments/gone.html", url=addresses.job(job_id)))
    return Response(await _rendered(poll), content_type="text/html; charset=utf-8")


@blueprint.get("/fragments/jobs")
async def recent_jobs() -> str:
    """The dashboard's list of jobs."""
    page = await runner().jobs(limit=RECENT)
    return await render_template("fragments/jobs.html", list=views.jobs_view(page.jobs, time.time()))


async def _poll(job_id: str, after: int, seen: int | None) -> Poll:
    step = await step_from(runner(), job_id, after)
    if _is_news(step, seen):
        if not is_over(step.reading, step.reading.slice.next):
            await asyncio.sleep(PACE_SECONDS)
            step = await step_from(runner(), job_id, after)
        return Poll(after, step)
    with holds().hold(browser_of()) as may_wait:
        if not may_wait:
            return Poll(after, step, slow=True)
        return await _held(step.reading.job, after, seen)


async def _held(job: Job, after: int, seen: int | None) -> Poll:
    began = time.monotonic()
    reading = await runner().lines(job.id, after, KEPT_LINES, wait=_hold_seconds(job), seen=seen)
    step = Step(reading, 0)
    # A server that is leaving answers every poll at once; its readers must not come again at once.
    slow = not _is_news(step, seen) and time.monotonic() - began < FRESH_HOLD_SECONDS / 2
    return Poll(after, step, slow)


def _is_news(step: Step, seen: int | None) -> bool:
    reading = step.reading
    return (
        reading.slice.first is not None
        or reading.job.finished is not None
        or (seen is not None and seen != reading.revision)
    )


def _hold_seconds(job: Job) -> float:
    since = job.output.last_at or job.started_at or job.queued_at
    return FRESH_HOLD_SECONDS if time.time() - since < 60 else HOLD_SECONDS


async def _rendered(poll: Poll) -> bytes:
    """The answer, shared by everybody who polls at this cursor in this second."""
    now = time.time()
    reading = poll.step.reading
    job, revision = reading.job, reading.revision
    key = ("fragment", job.id, poll.after, poll.end, poll.step.skipped, job.output, revision, int(now), poll.slow)
    if not _is_heavy(poll):
        return shared_answers().get(key, partial(_render, _environment(), poll, now))
    body = await asyncio.to_thread(_render, _environment(), poll, now)
    return shared_answers().get(key, lambda: body)


def _render(environment: Environment, poll: Poll, now: float) -> bytes:
    reading = poll.step.reading
    html = environment.get_template("fragments/lines.html").render(
        chunks=_chunks(poll),
        poller=poller_view(reading, poll.end, poll.slow),
        fallen=[f"#log .b{block}" for block in fallen_blocks(poll.after, poll.end)],
        job=views.job_view(reading.job, now),
    )
    return html.encode()


def _chunks(poll: Poll) -> list[Chunk]:
    reading, skipped = poll.step
    chunks = chunks_of([reading.slice])
    if not skipped:
        return chunks
    url = addresses.job(reading.job.id, after=poll.after, follow=0)
    return [skipped_chunk(url, skipped, poll.after), *chunks]


def _is_heavy(poll: Poll) -> bool:
    runs = poll.step.reading.slice.runs
    return sum(len(run.data) for run in runs) > HEAVY_BYTES and any(b"\x1b" in run.data for run in runs)


def _environment() -> Environment:
    """The app's templates, rendered without waiting: that is what lets one rendering be shared."""
    found: Environment | None = current_app.extensions.get("linefeed_fragments")
    if found is None:
        found = current_app.extensions["linefeed_fragments"] = current_app.jinja_env.overlay(enable_async=False)
    return found
