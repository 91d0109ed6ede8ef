"""The pages: whole documents, the same with and without script."""

from __future__ import annotations

import time
from collections.abc import Mapping

from quart import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from runner.catalogue import Command
from runner.errors import BadParameters, QueueFull, UnknownCommand
from runner.settings import Right
from runner.web import addresses, queries, views
from runner.web.auth import acting
from runner.web.auth.asking import may, visible
from runner.web.auth.gate import FORM_FIELD
from runner.web.context import runner
from runner.web.errors import BadRequest, ErrorView, Link
from runner.web.forms import form_view
from runner.web.listing import RECENT, ListingView, ListPlace, list_place, listing
from runner.web.logview import LiveView
from runner.web.rendering import PaceView, page, refresh_to

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
async def dashboard() -> Response:
    """Commands to start, and the newest jobs."""
    found = await listing(runner(), ListPlace(limit=RECENT, visible=visible()), time.time())
    pace = _pace(found, 10, "/", {})
    return await page("dashboard", groups=views.groups(_startable()), listing=found, live=_live(), pace=pace)


@blueprint.get("/commands")
async def pick_command() -> AnyResponse:
    """From the drop-down to the form of the command picked there."""
    name = queries.text("command")
    return redirect(addresses.address("/") if name is None else addresses.command(_command(name).name), 303)


@blueprint.get("/commands/<name>")
async def command_form(name: str) -> Response:
    """A command's form, filled in with the query."""
    return await _form(_command(name), request.args.to_dict(), {})


@blueprint.post("/jobs")
async def start_job() -> AnyResponse | Response:
    """Start the command of the form: to its job, or back to the form with what is wrong."""
    sent = (await request.form).to_dict()
    sent.pop(FORM_FIELD, None)
    if "command" not in sent:
        raise BadRequest("The form names no command.", {"command": "is required"})
    command = _command(sent.pop("command"))
    if "_form" in sent:  # "Options…", from a browser that does not know ``formaction``
        return redirect(addresses.command(command.name), 303)
    try:
        job = await acting.start(command.name, sent)
    except BadParameters as error:
        return await _form(command, sent, error.fields, 422)
    return redirect(addresses.job(job.id), 303)


@blueprint.get("/jobs")
async def job_list() -> Response:
    """Every job, newest first, a page at a time."""
    place = list_place()
    found = await listing(runner(), place, time.time())
    values = {"state": place.state, "command": place.command, "before": place.before}
    return await page("jobs", listing=found, live=_live(), pace=_pace(found, 5, "/jobs", values))


@blueprint.errorhandler(QueueFull)
async def queue_full(error: QueueFull) -> Response:
    """Nothing was started, and why."""
    links = (Link("/jobs?state=queued", "Jobs that wait"), Link("/", "Dashboard"))
    return await page("error", 429, view=ErrorView("The queue is full", str(error), 429, "", links))


async def _form(command: Command, typed: Mapping[str, str], reasons: Mapping[str, str], status: int = 200) -> Response:
    return await page("command", status, form=form_view(command, typed, reasons, may(Right.START, command.name)))


def _command(name: str) -> Command:
    command = runner().commands.get(name)
    if command is None or not (may(Right.START, name) or may(Right.SEE, name)):
        raise UnknownCommand(name)
    return command


def _startable() -> dict[str, Command]:
    """The commands that this person may start."""
    return {name: command for name, command in runner().commands.items() if may(Right.START, name)}


def _live() -> LiveView:
    return LiveView.at(time.time())


def _pace(found: ListingView, seconds: int, path: str, values: Mapping[str, object]) -> PaceView:
    """How a list is refreshed without script: more often while one of its jobs may change."""
    if queries.text("follow") == "0":
        return PaceView("", addresses.query(path, values), "Refresh by itself")
    again = addresses.query(path, {**values, "r": queries.refreshed() + 1})
    refresh = refresh_to(seconds if found.active else 30, again)
    return PaceView(refresh, addresses.query(path, {**values, "follow": 0}), "Hold still")
