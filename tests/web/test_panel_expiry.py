"""A panel that stays open: what it shows again and again counts as read only when it is sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from quart import Quart

from runner.job import Job
from runner.service import Runner
from runner.web import create_app
from runner.web.context import context_of
from tests.support.asgi import ask
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of, start_job


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Quart]:
    """The app with a command that writes a line."""
    web = create_app(settings_of(tmp_path, command("speak", "echo", "hello")))
    async with web.test_app():
        yield web


async def kept_until(runner: Runner, job: Job) -> float:
    """Until when its output is kept, by the monotonic clock."""
    end = (await runner.job(job.id)).finished
    assert end is not None
    assert end.kept_until is not None
    return end.kept_until


@pytest.mark.parametrize("size", ["badge", "line", "tail", "full"])
async def test_a_poll_that_brings_nothing_keeps_no_output(app: Quart, size: str) -> None:
    runner = context_of(app).runner
    job = await start_job(runner, "speak")
    await end_of(runner, job)
    page = (await ask(app, "GET", f"/commands/speak/panel?size={size}")).body.decode()
    (poll,) = re.findall('hx-get="([^"]*/panel/fragment[^"]*)"', page)
    before = await kept_until(runner, job)
    assert (await ask(app, "GET", unescape(poll))).status == 204
    assert await kept_until(runner, job) == before
    await ask(app, "GET", f"/jobs/{job.id}/lines?after=0")
    assert await kept_until(runner, job) > before
