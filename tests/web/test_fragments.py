"""Fragments: what a poll brings."""

from __future__ import annotations

import asyncio
import re

from quart import Quart

from runner.job import new_id
from runner.service import Runner
from runner.web.browser import COOKIE
from runner.web.chunks import KEPT_LINES, fallen_blocks
from runner.web.context import context_of
from tests.support.jobs import end_of, start_job
from tests.web.conftest import Ask


async def test_the_end_brings_every_line_and_no_poller(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "talk")
    await end_of(runner, job)
    html = (await asked("GET", f"/jobs/{job.id}/lines?after=0&seen=0")).body.decode()
    assert re.findall(r"(\d+ (?:out|err))(?=[\"\n])", html)[0].startswith("1 ")
    assert [html.count(f"out {number}\n") for number in range(3)] == [1, 1, 1]
    assert 'id="poll"' not in html
    assert 'data-outcome="succeeded" hx-swap-oob="outerMorph"' in html


async def test_output_is_escaped(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "bytes")
    await end_of(runner, job)
    html = (await asked("GET", f"/jobs/{job.id}/lines?after=0")).body.decode()
    assert "\x1b" not in html
    assert "\r" not in html


async def test_a_poll_without_news_is_held_and_stop_answers_it(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    seen = (await runner.lines(job.id, 0)).revision
    poll = asyncio.create_task(asked("GET", f"/jobs/{job.id}/lines?after=0&seen={seen}"))
    done, _ = await asyncio.wait([poll], timeout=0.3)
    assert not done
    await runner.stop(job.id)
    assert b'data-state="stopping"' in (await poll).body or b'data-state="finished"' in (await poll).body


async def test_a_browser_with_three_polls_held_comes_again_later(asked: Ask, app: Quart, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    seen = (await runner.lines(job.id, 0)).revision
    browser = "b" * 22
    cookie = ((b"cookie", f"{COOKIE}={browser}".encode()),)
    holds = context_of(app).holds
    with holds.hold(browser), holds.hold(browser), holds.hold(browser):
        html = (await asked("GET", f"/jobs/{job.id}/lines?after=0&seen={seen}", cookie)).body.decode()
    assert 'hx-trigger="every 3s"' in html


async def test_a_reader_far_behind_sees_the_gap_and_the_last_window(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "count", n=20_000)
    await end_of(runner, job)
    html = (await asked("GET", f"/jobs/{job.id}/lines?after=10")).body.decode()
    assert f'18,990 lines not shown here: <a href="/jobs/{job.id}?after=10&amp;follow=0">read them</a>' in html
    assert '"19001 out\n' in html
    assert '"18000 out\n' not in html


async def test_a_job_that_is_gone_is_a_sentence_and_no_poller(asked: Ask, runner: Runner) -> None:
    answer = await asked("GET", f"/jobs/{new_id()}/lines?after=0")
    assert answer.status == 200
    assert b"Nothing else will come" in answer.body
    assert b"hx-get" not in answer.body
    job = await start_job(runner, "nothing")
    await end_of(runner, job)
    assert b"hx-get" not in (await asked("GET", f"/jobs/{job.id}/lines?after=9")).body


async def test_readers_at_one_cursor_get_equal_bytes(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "count", n=500)
    await end_of(runner, job)
    answers = await asyncio.gather(*(asked("GET", f"/jobs/{job.id}/lines?after=0") for _ in range(5)))
    assert len({answer.body.split(b'<section id="status"')[0] for answer in answers}) == 1


async def test_the_list_of_the_dashboard(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "nothing")
    await end_of(runner, job)
    html = (await asked("GET", "/fragments/jobs")).body.decode()
    assert f'id="job-{job.id}"' in html
    assert "Succeeded" in html


async def test_a_filtered_list_keeps_the_rows_that_the_page_has(asked: Ask, runner: Runner) -> None:
    gone, unseen = await start_job(runner, "nothing"), await start_job(runner, "nothing")
    stays = await start_job(runner, "wait")
    for job in (gone, unseen):
        await end_of(runner, job)
    asking = f"/fragments/jobs?state=running&row={gone.id}&row={stays.id}&new={new_id()}"
    html = (await asked("GET", asking)).body.decode()
    assert re.findall(r'id="job-(\w+)" class="([^"]*)"', html) == [
        (stays.id, "running"),
        (gone.id, "succeeded stale"),
    ]
    assert unseen.id not in html


async def test_a_row_that_came_after_the_page_stays_new(asked: Ask, runner: Runner) -> None:
    old, new = await start_job(runner, "wait"), await start_job(runner, "wait")
    for more in ("", f"&new={new.id}"):
        html = (await asked("GET", f"/fragments/jobs?row={old.id}{more}")).body.decode()
        assert re.findall(r'name="(row|new)" value="(\w+)"', html) == [("new", new.id), ("row", old.id)]
        assert html.count("running new") == 1


async def test_more_rows_than_a_page_has_are_refused(asked: Ask) -> None:
    assert (await asked("GET", "/fragments/jobs?state=running" + "&row=x" * 101)).status == 400


def test_what_falls_out_of_a_page_is_always_named() -> None:
    page: set[int] = set()
    for before, now in zip(range(0, 60_000, 1_700), range(1_700, 60_000, 1_700), strict=False):
        page |= {(line - 1) // 1_000 for line in range(before + 1, now + 1)}
        page -= set(fallen_blocks(before, now))
        assert min(page) * 1_000 >= now - KEPT_LINES - 1_000
