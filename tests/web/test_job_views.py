"""A job's other views: the open stream, the panel, what is kept and what is left of it."""

from __future__ import annotations

import asyncio
import re

import pytest
from quart import Quart

from runner.service import Runner
from runner.web.browser import COOKIE
from runner.web.context import context_of
from tests.support.asgi import Request
from tests.support.jobs import end_of, start_job
from tests.support.waiting import until
from tests.web.conftest import Ask

BROWSER = "b" * 22
COOKIES = ((b"cookie", f"{COOKIE}={BROWSER}".encode()),)


async def read_until(app: Quart, target: str, leaves: asyncio.Event) -> None:
    """Ask for an address, and be gone once ``leaves`` is set."""
    pending = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, object]:
        if pending:
            return pending.pop()
        await leaves.wait()
        return {"type": "http.disconnect"}

    async def send(_: object) -> None:
        pass

    await app(Request("GET", target, COOKIES).scope(), receive, send)  # type: ignore[arg-type] # Quart's own names for ASGI's parts


async def test_the_stream_of_a_finished_job_is_whole_and_says_how_it_ended(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "count", n=3000)
    await end_of(runner, job)
    answer = await asked("GET", f"/jobs/{job.id}/tail")
    page = answer.body.decode()
    assert [int(number) for number in re.findall(r"(\d+) out", page)] == list(range(2001, 3001))
    assert 'data-state="finished" data-outcome="succeeded"' in page
    assert answer.header("x-accel-buffering") == "no"
    assert "<script" not in page
    assert page.count("<h1") == page.count("</html>") == 1


async def test_a_long_stream_ends_with_a_way_on(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "count", n=12_000)
    await end_of(runner, job)
    page = (await asked("GET", f"/jobs/{job.id}/tail?after=0")).body.decode()
    assert [int(number) for number in re.findall(r"(\d+) out", page)] == list(range(1, 10_001))
    assert f'href="/jobs/{job.id}/tail?after=10000"' in page
    rest = (await asked("GET", f"/jobs/{job.id}/tail?after=10000")).body.decode()
    assert [int(number) for number in re.findall(r"(\d+) out", rest)] == list(range(10_001, 12_001))


async def test_a_stream_counts_as_held_until_its_reader_leaves(asked: Ask, app: Quart, runner: Runner) -> None:
    job, holds = await start_job(runner, "wait"), context_of(app).holds
    leaves = asyncio.Event()
    reader = asyncio.create_task(read_until(app, f"/jobs/{job.id}/tail", leaves))
    await until(lambda: holds.held == 1)
    with holds.hold(BROWSER), holds.hold(BROWSER):
        fourth = (await asked("GET", f"/jobs/{job.id}/tail", COOKIES)).body.decode()
    assert "has three pages open already" in fourth
    leaves.set()
    await reader
    await until(lambda: holds.held == 0)


@pytest.mark.parametrize(("place", "status"), [("/tail?after=9", 400), ("/tail?after=x", 400)])
async def test_a_stream_from_nowhere(asked: Ask, runner: Runner, place: str, status: int) -> None:
    job = await start_job(runner, "nothing")
    await end_of(runner, job)
    assert (await asked("GET", f"/jobs/{job.id}{place}")).status == status


async def test_a_panel_has_state_lines_stop_and_a_way_out_and_nothing_else(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "chat")
    await runner.lines(job.id, 0, wait=10)
    page = (await asked("GET", f"/jobs/{job.id}/panel?r=4")).body.decode()
    assert 'data-state="running"' in page
    assert "ready\n" in page
    assert f'href="/jobs/{job.id}" target="_blank" rel="noopener"' in page
    assert f"url=/jobs/{job.id}/panel?r=5#end" in page
    assert "<nav" not in page
    assert re.findall('<form[^>]* action="([^"]*)"', page) == [f"/jobs/{job.id}/stop"]


async def test_polls_of_a_panel_in_another_site_are_not_held(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    seen = (await runner.lines(job.id, 0)).revision
    html = (await asked("GET", f"/jobs/{job.id}/lines?after=0&seen={seen}&panel=1")).body.decode()
    assert 'hx-trigger="every 3s"' in html
    assert "panel=1" in html


async def test_output_is_kept_longer_pinned_and_unpinned(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "talk")
    await end_of(runner, job)
    page = (await asked("GET", f"/jobs/{job.id}")).body.decode()
    assert re.search(r"Output kept until [^<,]*\d\d:\d\d", page)
    for verb, words in (("keep", "Keep longer"), ("pin", "kept until it is unpinned"), ("unpin", "kept until ")):
        answer = await asked("POST", f"/jobs/{job.id}/{verb}")
        assert (answer.status, answer.header("location")) == (303, f"/jobs/{job.id}")
        assert words in (await asked("GET", f"/jobs/{job.id}")).body.decode()
