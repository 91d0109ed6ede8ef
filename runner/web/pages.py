"""The pages: whole documents, the same with and without script."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from quart import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from runner.catalogue import Command
from runner.errors import BadParameters, QueueFull, UnknownCommand
from runner.job import Job
from runner.web import addresses, queries, views
from runner.web.browser import browser_cookie
from runner.web.chunks import chunks_of
from runner.web.context import runner
from runner.web.errors import BadRequest, ErrorView, Link
from runner.web.forms import form_view
from runner.web.fragments import RECENT
from runner.web.listing import listing_view
from runner.web.logview import is_over, log_view
from runner.web.windows import NoSuchLine, page_url, place_asked, window_at

PAGE_JOBS = 50

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
async def dashboard() -> Response:
    """Commands to start, and the newest jobs."""
    page = await runner().jobs(limit=RECENT)
    jobs = views.jobs_view(page.jobs, time.time())
    seconds = 5 if jobs.active else 30
    refresh = f"{seconds}; url={addresses.query('/', {'r': _refreshed() + 1})}"
    return await _page("dashboard", groups=views.groups(runner().commands), list=jobs, refresh=refresh)


@blueprint.get("/commands")
async def pick_command() -> AnyResponse:
    """From the drop-down to the form of the command picked there."""
    name = queries.text("command")
    return redirect("/" if name is None else addresses.command(_command(name).name), 303)


@blueprint.get("/commands/<name>")
async def command_form(name: str) -> Response:
    """A command's form, filled in with the query."""
    return await _form(_command(name), request.args.to_dict(), {})


@blueprint.post("/jobs")
async def start_job() -> AnyResponse | Response:
    """Start the command of the form: to its job, or back to the form with what is wrong."""
    sent = (await request.form).to_dict()
    if "command" not in sent:
        raise BadRequest("The form names no command.", {"command": "is required"})
    command = _command(sent.pop("command"))
    try:
        job = await runner().start(command.name, sent)
    except BadParameters as error:
        return await _form(command, sent, error.fields, 422)
    return redirect(addresses.job(job.id), 303)


@blueprint.get("/jobs")
async def job_list() -> Response:
    """Every job, newest first, a page at a time."""
    # The filter's own form sends empty texts for "any".
    state = queries.state() if queries.text("state") else None
    command, before = queries.text("command") or None, queries.text("before")
    page = await runner().jobs(state, command, PAGE_JOBS, before)
    listing = listing_view(page, runner().commands, state, command, time.time())
    return await _page("jobs", listing=listing)


@blueprint.get("/jobs/<job_id>")
async def job_page(job_id: str) -> Response:
    """A job with a window of its lines."""
    place = place_asked()
    window = await window_at(runner(), job_id, place)
    chunks = await asyncio.to_thread(chunks_of, window.slices, window.marked)
    job, log = window.reading.job, log_view(window, place, chunks)
    waits = log.poller is not None and not is_over(window.reading, window.end)
    refresh = f"2; url={page_url(job_id, place, _refreshed() + 1)}#end" if waits else ""
    view = views.job_view(job, time.time())
    return await _page("job", job=view, log=log, refresh=refresh, again=_again(job))


@blueprint.post("/jobs/<job_id>/stop")
async def stop_job(job_id: str) -> AnyResponse:
    """Ask the job to end."""
    job = await runner().stop(job_id)
    return redirect(addresses.job(job.id), 303)


@blueprint.errorhandler(NoSuchLine)
async def no_such_line(error: NoSuchLine) -> tuple[Response, int]:
    """A line that is not there says so."""
    link = Link(request.path, "The job")
    return await _page("error", view=ErrorView("No such line", str(error), 404, "", (link,))), 404


@blueprint.errorhandler(QueueFull)
async def queue_full(error: QueueFull) -> tuple[Response, int]:
    """Nothing was started, and why."""
    links = (Link("/jobs?state=queued", "Jobs that wait"), Link("/", "Dashboard"))
    return await _page("error", view=ErrorView("The queue is full", str(error), 429, "", links)), 429


async def _page(name: str, **values: object) -> Response:
    return browser_cookie(Response(await render_template(f"pages/{name}.html", **values)))


async def _form(command: Command, typed: Mapping[str, str], reasons: Mapping[str, str], status: int = 200) -> Response:
    response = await _page("command", form=form_view(command, typed, reasons))
    response.status_code = status
    return response


def _command(name: str) -> Command:
    command = runner().commands.get(name)
    if command is None:
        raise UnknownCommand(name)
    return command


def _again(job: Job) -> str:
    """The command's form, filled in as for this job; empty if the catalogue has it no more."""
    return addresses.command(job.command, job.parameters) if job.command in runner().commands else ""


def _refreshed() -> int:
    """How often this page was refreshed without script; whatever is no count starts anew."""
    sent = request.args.get("r", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else 0
