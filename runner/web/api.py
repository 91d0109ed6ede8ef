"""The JSON API: for programs. Every route is a line or two around the Runner."""

from __future__ import annotations

import msgspec
from quart import Blueprint, Response

from runner.errors import UnknownJob
from runner.service import Reading
from runner.web import queries
from runner.web.bodies import start_body, stop_body
from runner.web.browser import browser_of
from runner.web.context import holds, runner, shared_answers
from runner.web.documents import commands_document, job_document, jobs_document, lines_document
from runner.web.errors import BadRequest

LINES = 1_000
JOBS = 50
MOST_JOBS = 1_000

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.get("/commands")
async def list_commands() -> Response:
    """The catalogue."""
    return _json(commands_document(runner().commands.values()))


@blueprint.get("/jobs")
async def list_jobs() -> Response:
    """Jobs, newest first."""
    state, command, limit = queries.state(), queries.text("command"), queries.limit(JOBS, MOST_JOBS)
    before = queries.text("before")
    try:
        page = await runner().jobs(state, command, limit, before)
    except UnknownJob:
        raise BadRequest("before must be the id of a job.", {"before": "there is no job with this id"}) from None
    return _json(jobs_document(page))


@blueprint.post("/jobs")
async def start_job() -> Response:
    """Start or queue a job."""
    body = await start_body()
    job = await runner().start(body.command, body.parameters)
    response = _json(job_document(job), 201)
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return response


@blueprint.get("/jobs/<job_id>")
async def show_job(job_id: str) -> Response:
    """One job as it stands."""
    return _json(job_document(await runner().job(job_id)))


@blueprint.get("/jobs/<job_id>/lines")
async def read_lines(job_id: str) -> Response:
    """The lines after a cursor; waits for some if asked to."""
    after, limit, wait, seen = queries.after(), queries.limit(LINES), queries.wait(), queries.seen()
    if wait:
        with holds().hold(browser_of()) as held:
            reading = await runner().lines(job_id, after, limit, wait if held else 0.0, seen)
    else:
        reading = await runner().lines(job_id, after, limit)
    return _encoded(shared_answers().get(_key_of(reading), lambda: msgspec.json.encode(lines_document(reading))))


@blueprint.post("/jobs/<job_id>/stop")
async def stop_job(job_id: str) -> Response:
    """Ask a job to end; nothing happens to one that has ended."""
    force = await stop_body()
    job = await runner().job(job_id)
    if job.finished:
        return _json(job_document(job))
    return _json(job_document(await runner().stop(job_id, force)), 202)


def _key_of(reading: Reading) -> tuple[object, ...]:
    """All that the answer depends on: lines never change, and the revision rises with everything else."""
    lines = reading.slice
    return reading.job.id, lines.first, lines.next, lines.dropped, reading.revision, reading.job.state


def _json(document: msgspec.Struct, status: int = 200) -> Response:
    return _encoded(msgspec.json.encode(document), status)


def _encoded(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json")
