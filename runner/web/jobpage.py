"""A job's own pages: the job, its panel for other people's pages, its tombstone, and its buttons."""

from __future__ import annotations

import asyncio
import time

from quart import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from runner.errors import OutputExpired
from runner.job import Job
from runner.web import addresses, queries, views
from runner.web.auth import acting
from runner.web.auth.asking import rights_on
from runner.web.auth.returning import safe_next
from runner.web.chunks import Chunk, chunks_of, found_chunks
from runner.web.context import runner
from runner.web.errors import ErrorView, Link
from runner.web.logview import is_over, live_view, log_view
from runner.web.panels.snippets import embed_view
from runner.web.rendering import page, refresh_to
from runner.web.windows import NoSuchLine, Place, Window, place_asked, window_at

REFRESH_SECONDS = 2

blueprint = Blueprint("jobpage", __name__)


@blueprint.get("/jobs/<job_id>")
async def job_page(job_id: str) -> Response:
    """A job with a window of its lines."""
    place = place_asked()
    window = await window_at(runner(), job_id, place)
    now, job = time.time(), window.reading.job
    log = log_view(window, place, await asyncio.to_thread(_chunks, window, place), now)
    refresh, box = "", embed_view(job, rights_on(job).share) if queries.switch("embed") else None
    if log.poller is not None and box is None and not is_over(window.reading, window.end):
        url = addresses.job(job_id, **place.query, r=queries.refreshed() + 1)
        refresh = refresh_to(REFRESH_SECONDS, url, log.anchor)
    view, live = _view(job, now), live_view(job, now) if log.poller else None
    return await page("job", job=view, log=log, live=live, refresh=refresh, again=_again(job), box=box)


@blueprint.post("/jobs/<job_id>/stop")
async def stop_job(job_id: str) -> AnyResponse:
    """Ask the job to end."""
    job, back = await acting.stop(job_id), (await request.form).get("back")
    return redirect(addresses.address(safe_next(back)), 303) if back else _back_to(job)


@blueprint.post("/jobs/<job_id>/keep")
async def keep_job(job_id: str) -> AnyResponse:
    """Keep its output longer."""
    return _back_to(await acting.keep_longer(job_id))


@blueprint.post("/jobs/<job_id>/pin")
async def pin_job(job_id: str) -> AnyResponse:
    """Keep its output until it is unpinned."""
    return _back_to(await acting.pin(job_id, True))


@blueprint.post("/jobs/<job_id>/unpin")
async def unpin_job(job_id: str) -> AnyResponse:
    """Let its output expire again."""
    return _back_to(await acting.pin(job_id, False))


@blueprint.errorhandler(NoSuchLine)
async def no_such_line(error: NoSuchLine) -> Response:
    """A line that is not there says so."""
    links = (Link(request.path, "The job’s newest lines"), Link(f"{request.path}?after=0", "Its first lines"))
    return await page("error", 404, view=ErrorView("No such line", str(error), 404, "", links))


@blueprint.errorhandler(OutputExpired)
async def tombstone(error: OutputExpired) -> Response:
    """What is left of a job whose output is gone."""
    job = await runner().job(error.job_id)
    view = _view(job, time.time())
    return await page("tombstone", 410, job=view, again=_again(job))


def _back_to(job: Job) -> AnyResponse:
    return redirect(addresses.job(job.id), 303)


def _chunks(window: Window, place: Place) -> list[Chunk]:
    if place.only:
        return found_chunks(window.slices, place.only.text, 0)
    return chunks_of(window.slices, window.marked)


def _again(job: Job) -> str:
    """The command's form, filled in as for this job; empty for who may not start it, and if it is there no more."""
    may_again = job.command in runner().commands and rights_on(job).rerun
    return addresses.command(job.command, job.parameters) if may_again else ""


def _view(job: Job, now: float) -> views.JobView:
    return views.job_view(job, now, rights_on(job))
