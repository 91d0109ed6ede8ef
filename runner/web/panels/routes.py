"""The addresses of panels: whole pages for frames, fragments for a page's own htmx, badges for an image or a line."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from quart import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from runner.catalogue import Command
from runner.errors import BadParameters, UnknownCommand
from runner.job import Job
from runner.settings import Right
from runner.web import addresses, queries
from runner.web.auth import acting
from runner.web.auth.asking import may, rights_on, visible
from runner.web.auth.gate import FORM_FIELD
from runner.web.auth.rights import JobRights
from runner.web.context import runner
from runner.web.embedding import as_fragment, foreign_origin, own_origin
from runner.web.errors import BadRequest
from runner.web.forms import form_view
from runner.web.panels.making import content_of, news_after, rendered
from runner.web.panels.options import PanelOptions, Size, colours_asked, options_asked
from runner.web.panels.views import NO_RIGHTS, Asked, Content, PanelView, Subject, badge_line, is_gone, panel_view
from runner.web.rendering import page, refresh_to

REFRESH_SECONDS, WATCH_SECONDS = 3, 10
"""How often a panel is refreshed without script: while its job runs, and after."""

blueprint = Blueprint("panels", __name__)


@dataclass(frozen=True, slots=True)
class StartView:
    """How a command's panel starts it: at once at ``url``, or by the form at ``form_url`` if it asks for something."""

    url: str
    form_url: str


@dataclass(frozen=True, slots=True)
class LookView:
    """How a panel's page looks: classes of the whole page, and the address of its colours, empty for our own."""

    css: str
    colours_url: str


@blueprint.get("/jobs/<job_id>/panel")
async def job_panel(job_id: str) -> Response:
    """A job, without anything around it."""
    job = await runner().job(job_id)
    return await _page(_of_job(job), job, None)


@blueprint.get("/commands/<name>/panel")
async def command_panel(name: str) -> Response:
    """A command's newest job, and how to start it; its start form, if ``form`` is 1."""
    command = _command(name)
    if queries.switch("form"):
        return await _form(command, request.args.to_dict(), {})
    job = await _latest(command)
    return await _page(_of_command(command, job), job, command)


@blueprint.post("/commands/<name>/panel")
async def start_in_panel(name: str) -> AnyResponse | Response:
    """Start the command with what the form says: back to its panel, or to the form with what is wrong."""
    options, sent = options_asked(), (await request.form).to_dict()
    for own in (FORM_FIELD, "command", "_form"):
        sent.pop(own, None)
    try:
        await acting.start(name, sent)
    except BadParameters as error:
        return await _form(_command(name), sent, error.fields, 422)
    return redirect(addresses.panel(addresses.command_path(name), **options.query), 303)


@blueprint.get("/jobs/<job_id>/panel/fragment")
async def job_fragment(job_id: str) -> Response:
    """The changing part of a job's panel; waits for news if ``seen`` says what the reader has."""
    job = await runner().job(job_id)
    return await _news(_of_job(job), job)


@blueprint.get("/commands/<name>/panel/fragment")
async def command_fragment(name: str) -> Response:
    """The same of a command's newest job."""
    command = _command(name)
    job = await _latest(command)
    return await _news(_of_command(command, job), job)


@blueprint.get("/jobs/<job_id>/badge.svg")
async def job_badge(job_id: str) -> Response:
    """A job's state as an image."""
    job = await runner().job(job_id)
    return await _badge(_of_job(job), job)


@blueprint.get("/commands/<name>/badge.svg")
async def command_badge(name: str) -> Response:
    """The state of a command's newest job as an image."""
    command = _command(name)
    job = await _latest(command)
    return await _badge(_of_command(command, job), job)


@blueprint.get("/jobs/<job_id>/badge.txt")
async def job_badge_text(job_id: str) -> Response:
    """A job's state as a line of text."""
    job = await runner().job(job_id)
    return _badge_text(_of_job(job), job)


@blueprint.get("/commands/<name>/badge.txt")
async def command_badge_text(name: str) -> Response:
    """The state of a command's newest job as a line of text."""
    command = _command(name)
    job = await _latest(command)
    return _badge_text(_of_command(command, job), job)


@blueprint.get("/panel.css")
async def colours() -> Response:
    """The colours of a host page, for a panel."""
    css = await render_template("panels/colours.css", colours=colours_asked())
    return Response(css, content_type="text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=86400"})


def _command(name: str) -> Command:
    command = runner().commands.get(name)
    if command is None:
        raise UnknownCommand(name)
    return command


async def _latest(command: Command) -> Job | None:
    return await runner().latest(command.name, visible())


def _of_job(job: Job) -> Asked:
    subject = Subject(addresses.job_path(job.id), job.title, latest=False)
    return _asked(subject, rights_on(job))


def _of_command(command: Command, job: Job | None) -> Asked:
    subject = Subject(addresses.command_path(command.name), command.title, latest=True)
    return _asked(subject, rights_on(job) if job else NO_RIGHTS)


def _asked(subject: Subject, rights: JobRights) -> Asked:
    framed = queries.switch("framed") and not foreign_origin()
    return Asked(subject, options_asked(), rights, framed, own_origin() if foreign_origin() else "")


async def _page(asked: Asked, job: Job | None, command: Command | None) -> Response:
    asked = replace(asked, framed=True)
    content = await content_of(job, asked.options)
    view = panel_view(asked, content, time.time())
    status = 410 if is_gone(content.job) and command is None else 200
    start = _start(command, asked.options) if command else None
    return await page(
        "panel", status, panel=view, start=start, look=_look(asked.options), refresh=_refresh(view, asked)
    )


async def _news(asked: Asked, job: Job | None) -> Response:
    """A panel's changing part, or 204 if the reader has it."""
    if asked.options.size is Size.FULL and not asked.framed:
        raise BadRequest("The size full is for frames; a fragment is a badge, a line or a tail.", {"size": "is full"})
    seen = queries.text("seen")
    content = await (content_of(job, asked.options) if seen is None else news_after(job, asked, seen))
    if content is None:
        return as_fragment(Response("", 204))
    return as_fragment(Response(rendered(asked, content), content_type="text/html; charset=utf-8"))


async def _badge(asked: Asked, job: Job | None) -> Response:
    badge = panel_view(asked, Content(job), time.time()).badge
    svg = await render_template("panels/badge.svg", badge=badge)
    return Response(svg, content_type="image/svg+xml; charset=utf-8")


def _badge_text(asked: Asked, job: Job | None) -> Response:
    view = panel_view(asked, Content(job), time.time())
    return Response(badge_line(view.name, view.job), content_type="text/plain; charset=utf-8")


async def _form(command: Command, typed: Mapping[str, str], reasons: Mapping[str, str], status: int = 200) -> Response:
    """The start form as a panel. Who comes with a share link, or may not start it, is told so."""
    options = options_asked()
    own = {name: value for name, value in typed.items() if name in command.parameters}
    may_start = not options.share and may(Right.START, command.name)
    path = addresses.command_path(command.name)
    return await page(
        "panel_form",
        status,
        form=form_view(command, own, reasons, may_start),
        url=addresses.panel(path, **options.query),
        command_url=addresses.command(command.name),
        look=_look(options),
    )


def _start(command: Command, options: PanelOptions) -> StartView | None:
    if not options.buttons or options.size is Size.BADGE or not may(Right.START, command.name):
        return None
    path = addresses.command_path(command.name)
    form_url = addresses.panel(path, **options.query, form=1) if command.parameters else ""
    return StartView(addresses.panel(path, **options.query), form_url)


def _look(options: PanelOptions) -> LookView:
    colours = options.colours.query
    given = {name: value for name, value in colours.items() if value}
    return LookView(options.theme.value, addresses.panel_colours(**colours) if given else "")


def _refresh(view: PanelView, asked: Asked) -> str:
    """What refreshes the panel without script; empty if nothing can change any more."""
    running = view.job is not None and not view.job.finished
    if not running and not asked.subject.latest:
        return ""
    url = addresses.panel(asked.subject.path, **asked.options.query, r=queries.refreshed() + 1)
    anchor = "#end" if asked.options.size in (Size.FULL, Size.TAIL) else ""
    return refresh_to(REFRESH_SECONDS if running else WATCH_SECONDS, url, anchor)
