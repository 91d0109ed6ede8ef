"""``GET /jobs/ID/tail``: a page that stays open and is written line by line, live with no script at all."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from jinja2 import Environment
from quart import Blueprint, Response, render_template, request

from runner.errors import OutputExpired
from runner.lines import Slice
from runner.service import Runner
from runner.settings import Right
from runner.web import addresses, queries, views
from runner.web.auth.asking import rights_on, still_may
from runner.web.browser import browser_cookie, browser_of
from runner.web.chunks import chunks_of
from runner.web.context import holds, runner
from runner.web.fragments import environment
from runner.web.holds import Holds
from runner.web.jobpage import tombstone
from runner.web.logview import is_over
from runner.web.windows import WINDOW

MOST_LINES = 10_000
"""Lines on one such page, so that it stays light; a link goes on."""

PACE_SECONDS = 0.05
"""How long lines gather between two pieces."""

SIGN_OF_LIFE_SECONDS = 15.0
"""After this long in silence a comment is sent, so that proxies keep the connection."""

blueprint = Blueprint("tail", __name__)
blueprint.register_error_handler(OutputExpired, tombstone)


@dataclass(frozen=True, slots=True)
class Tail:
    """One such page: whose lines, from where, for which browser, and what it is made with."""

    runner: Runner
    holds: Holds
    environment: Environment
    job_id: str
    after: int
    browser: str | None
    may_go_on: Callable[[], bool]


@blueprint.get("/jobs/<job_id>/tail")
async def tail(job_id: str) -> Response:
    """The newest window (or what follows ``after``), then each line as it comes, then how the job ended."""
    asked, job = queries.whole("after"), await runner().job(job_id)
    after = max(0, job.output.lines - WINDOW) if asked is None else asked
    await runner().lines(job_id, after, 1)  # what is wrong with the cursor is said before anything is sent
    here = secrets.token_hex(16)  # stands in the page where it is cut; nothing else in it can be the same
    view = views.job_view(job, time.time(), rights_on(job))
    page = await render_template("pages/tail.html", job=view, here=here)
    answer = Tail(runner(), holds(), environment(), job_id, after, browser_of(), still_may(Right.SEE, job))
    body = "" if request.method == "HEAD" else _streamed(answer, page.split(here))
    response = browser_cookie(Response(body, content_type="text/html; charset=utf-8"))
    response.timeout = None  # a job may take any time
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def _streamed(tail: Tail, parts: list[str]) -> AsyncIterator[str]:
    head, foot, end = parts
    yield head
    # Counted as a poll that is held: a browser has six connections, and this page takes one as long as it is open.
    with tail.holds.hold(tail.browser) as may_stay:
        if not may_stay:
            yield _said(tail, "busy", url=addresses.job(tail.job_id)) + foot + end
            return
        async for piece in _lines(tail):
            yield piece
    job = await tail.runner.job(tail.job_id)
    yield foot + _said(tail, "status", job=views.job_view(job, time.time()), oob=False) + end


async def _lines(tail: Tail) -> AsyncIterator[str]:
    after, last, state = tail.after, tail.after + MOST_LINES, ""
    while True:
        reading = await tail.runner.lines(tail.job_id, after, last - after, wait=SIGN_OF_LIFE_SECONDS)
        if state != (state := reading.job.state.name) and not reading.job.finished:
            yield _said(tail, "tail_state", job=views.job_view(reading.job, time.time()))
        after = reading.slice.next
        yield await asyncio.to_thread(_chunks, tail, reading.slice) if reading.slice.runs else "<!-- -->"
        if is_over(reading, after) or after >= last or not tail.may_go_on():
            break
        await asyncio.sleep(PACE_SECONDS)
    if not is_over(reading, after):
        yield _said(tail, "tail_more", url=addresses.tail(tail.job_id, after))


def _chunks(tail: Tail, part: Slice) -> str:
    return "".join(_said(tail, "chunk", chunk=chunk) for chunk in chunks_of([part]))


def _said(tail: Tail, fragment: str, **values: object) -> str:
    return tail.environment.get_template(f"fragments/{fragment}.html").render(**values)
