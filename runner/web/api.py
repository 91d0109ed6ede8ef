"""The JSON API: for programs. Every route is a line or two around the Runner."""

from __future__ import annotations

import msgspec
from quart import Blueprint, Response, current_app

from runner.errors import UnknownJob
from runner.service import Reading
from runner.settings import Right
from runner.web import addresses, openapi, queries
from runner.web.auth import acting
from runner.web.auth.asking import may, visible
from runner.web.bodies import start_body, stop_body
from runner.web.browser import browser_of
from runner.web.context import holds, runner, shared_answers
from runner.web.documents import (
    CommandsDocument,
    JobDocument,
    JobsDocument,
    LinesDocument,
    commands_document,
    job_document,
    jobs_document,
    lines_document,
)
from runner.web.errors import BadRequest
from runner.web.openapi import Answer, Operation, StartRequest, StopRequest, describe, rendered

LINES = 1_000
JOBS = 50
MOST_JOBS = 1_000

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.get("/commands")
@describe(Operation("The catalogue", {200: Answer("The commands that may be started.", CommandsDocument)}))
async def list_commands() -> Response:
    """The catalogue."""
    return _json(commands_document(each for name, each in runner().commands.items() if may(Right.START, name)))


@blueprint.get("/jobs")
@describe(
    Operation(
        "Jobs, newest first",
        {200: Answer("A page of them.", JobsDocument)},
        query=(openapi.STATE, openapi.COMMAND, openapi.limit(JOBS, MOST_JOBS), openapi.BEFORE),
    )
)
async def list_jobs() -> Response:
    """Jobs, newest first."""
    state, command, limit = queries.state(), queries.text("command"), queries.limit(JOBS, MOST_JOBS)
    before = queries.text("before")
    try:
        page = await runner().jobs(state, command, limit, before, visible())
    except UnknownJob:
        raise BadRequest("before must be the id of a job.", {"before": "there is no job with this id"}) from None
    return _json(jobs_document(page))


@blueprint.post("/jobs")
@describe(
    Operation(
        "Start or queue a job",
        {201: Answer("The job.", JobDocument, {"Location": "The job's address."})},
        body=StartRequest,
        refused=(404, 422),
    )
)
async def start_job() -> Response:
    """Start or queue a job."""
    body = await start_body()
    job = await acting.start(body.command, body.parameters)
    response = _json(job_document(job), 201)
    response.headers["Location"] = addresses.api_job(job.id)
    return response


@blueprint.get("/jobs/<job_id>")
@describe(Operation("One job as it stands", {200: Answer("The job.", JobDocument)}, refused=(404,)))
async def show_job(job_id: str) -> Response:
    """One job as it stands."""
    return _json(job_document(await runner().job(job_id)))


@blueprint.get("/jobs/<job_id>/lines")
@describe(
    Operation(
        "The lines of a job after a cursor",
        {200: Answer("The lines, and how the job stands.", LinesDocument)},
        query=(openapi.AFTER, openapi.limit(LINES), openapi.WAIT, openapi.SEEN),
        refused=(404, 410),
    )
)
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
@describe(
    Operation(
        "Ask a job to end",
        {
            200: Answer("It had ended; nothing happens.", JobDocument),
            202: Answer("The job, which is told to end.", JobDocument),
        },
        body=StopRequest,
        refused=(404,),
    )
)
async def stop_job(job_id: str) -> Response:
    """Ask a job to end; nothing happens to one that has ended."""
    force = await stop_body()
    job = await runner().job(job_id)
    if job.finished:
        return _json(job_document(job))
    return _json(job_document(await acting.stop(job_id, force)), 202)


@blueprint.get("/openapi.json", endpoint="openapi")
@describe(Operation("This document", {200: Answer("The API in OpenAPI 3.1.", dict)}))
async def openapi_document() -> Response:
    """The API's own description."""
    base = addresses.address("/").rstrip("/") or "/"
    return _encoded(
        shared_answers().get(("openapi", base), lambda: rendered(current_app.url_map, current_app.view_functions, base))
    )


def _key_of(reading: Reading) -> tuple[object, ...]:
    """All that the answer depends on: lines never change, and the revision rises with everything else."""
    lines = reading.slice
    return reading.job.id, lines.first, lines.next, lines.dropped, reading.revision, reading.job.state


def _json(document: msgspec.Struct, status: int = 200) -> Response:
    return _encoded(msgspec.json.encode(document), status)


def _encoded(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json")
