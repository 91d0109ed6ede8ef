"""The pages, asked in process: what they say, keep and refuse."""

from __future__ import annotations

import re

import pytest

from runner.service import Runner
from tests.support.jobs import end_of, start_job
from tests.web.conftest import Ask

FORM = ((b"content-type", b"application/x-www-form-urlencoded"),)


async def test_the_dashboard_has_every_command_in_a_drop_down_and_as_a_link(asked: Ask, runner: Runner) -> None:
    page = (await asked("GET", "/")).body.decode()
    for name in runner.commands:
        assert f'<option value="{name}">' in page
        assert f'href="/commands/{name}"' in page
    assert "No jobs here." in page


async def test_starting_leads_to_the_job(asked: Ask) -> None:
    answer = await asked("POST", "/jobs", FORM, b"command=count&n=3")
    assert answer.status == 303
    assert re.fullmatch(r"/jobs/[a-z0-9]{26}", answer.header("location") or "")


async def test_a_wrong_value_comes_back_with_its_reason_beside_it(asked: Ask) -> None:
    answer = await asked("POST", "/jobs", FORM, b"command=count&n=many%22")
    page = answer.body.decode()
    assert answer.status == 422
    assert 'value="many&#34;"' in page
    assert 'aria-invalid="true" aria-describedby="reason-n hint-n"' in page
    assert "Up to must be a whole number." in page


async def test_a_value_without_a_field_is_named(asked: Ask) -> None:
    answer = await asked("POST", "/jobs", FORM, b"command=nothing&zap=1")
    assert answer.status == 422
    assert "zap: unknown parameter" in answer.body.decode()


async def test_the_other_button_of_the_start_form_starts_nothing(asked: Ask, runner: Runner) -> None:
    answer = await asked("POST", "/jobs", FORM, b"command=count&_form=")
    assert (answer.status, answer.header("location")) == (303, "/commands/count")
    assert not (await runner.jobs()).jobs


async def test_a_form_says_what_runs_as_a_shell_would_have_it(asked: Ask) -> None:
    assert "<code>seq {n}</code>" in (await asked("GET", "/commands/count")).body.decode()
    assert "-c &#39;import os, time;" in (await asked("GET", "/commands/chat")).body.decode()


async def test_a_still_window_does_not_say_that_it_is_live(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    assert b'class="live' in (await asked("GET", f"/jobs/{job.id}")).body
    assert b'class="live' not in (await asked("GET", f"/jobs/{job.id}?follow=0")).body


@pytest.mark.parametrize(("body", "status"), [(b"command=zap", 404), (b"n=1", 400), (b"", 400)])
async def test_a_form_without_a_known_command_is_refused(asked: Ask, body: bytes, status: int) -> None:
    assert (await asked("POST", "/jobs", FORM, body)).status == status


async def test_the_query_fills_in_the_form(asked: Ask) -> None:
    page = (await asked("GET", "/commands/echo?word=no")).body.decode()
    assert '<option value="no" selected>' in page
    assert (await asked("GET", "/commands?command=echo")).header("location") == "/commands/echo"
    assert (await asked("GET", "/commands/zap")).status == 404


async def test_a_finished_job_says_how_it_ended_and_refreshes_no_more(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "talk")
    await end_of(runner, job)
    page = (await asked("GET", f"/jobs/{job.id}")).body.decode()
    assert 'data-state="finished" data-outcome="succeeded"' in page
    assert "<dt>Exit code</dt><dd>0</dd>" in page
    assert "http-equiv" not in page
    assert 'id="poll"' not in page
    assert '<span class="label">stderr: </span>err 1\n' in page


async def test_a_running_job_refreshes_keeps_its_place_and_can_be_stopped(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    page = (await asked("GET", f"/jobs/{job.id}?after=0&r=7")).body.decode()
    assert f'content="2; url=/jobs/{job.id}?after=0&amp;r=8#end"' in page
    assert f'action="/jobs/{job.id}/stop"' in page
    answer = await asked("POST", f"/jobs/{job.id}/stop", FORM)
    assert (answer.status, answer.header("location")) == (303, f"/jobs/{job.id}")
    assert (await end_of(runner, job)).outcome == "stopped"


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("", 2001, 3000),
        ("?after=10", 11, 1010),
        ("?before=10", 1, 9),
        ("?line=500", 497, 1496),
        ("?after=2990", 2991, 3000),
    ],
)
async def test_windows(asked: Ask, runner: Runner, query: str, first: int, last: int) -> None:
    job = await start_job(runner, "count", n=3000)
    await end_of(runner, job)
    page = (await asked("GET", f"/jobs/{job.id}{query}")).body.decode()
    shown = [int(number) for number in re.findall(r"(\d+) out", page)]
    assert shown == list(range(first, last + 1))
    assert f"Lines {first:,} to {last:,} of 3,000" in page


async def test_lines_asked_for_are_marked(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "count", n=30)
    await end_of(runner, job)
    page = (await asked("GET", f"/jobs/{job.id}?line=5-6")).body.decode()
    assert re.findall("<mark>(.*)</mark>", page) == ["5", "6"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("line=31", 404),
        ("line=0", 400),
        ("line=6-5", 400),
        ("line=x", 400),
        ("after=1&before=9", 400),
        ("after=31", 400),
    ],
)
async def test_places_that_are_not_there(asked: Ask, runner: Runner, query: str, status: int) -> None:
    job = await start_job(runner, "count", n=30)
    await end_of(runner, job)
    assert (await asked("GET", f"/jobs/{job.id}?{query}")).status == status


async def test_the_list_filters_and_pages(asked: Ask, runner: Runner) -> None:
    for _ in range(51):
        await end_of(runner, await start_job(runner, "nothing"))
    page = (await asked("GET", "/jobs?state=finished&command=")).body.decode()
    older = re.search(r'href="([^"]+)" rel="next"', page)
    assert older
    assert page.count("<tr id=") == 50
    assert (await asked("GET", older[1].replace("&amp;", "&"))).body.decode().count("<tr id=") == 1
    assert "No jobs here" in (await asked("GET", "/jobs?command=talk")).body.decode()


async def test_an_unknown_job_is_a_page(asked: Ask) -> None:
    answer = await asked("GET", "/jobs/" + "a" * 26)
    assert answer.status == 404
    assert b"<h1>" in answer.body


@pytest.mark.parametrize("place", ["/", "/jobs", "/jobs?state=running&command=wait"])
async def test_a_list_refreshes_unless_it_is_held_still(asked: Ask, runner: Runner, place: str) -> None:
    await start_job(runner, "wait")
    page = (await asked("GET", place)).body.decode()
    joined = "&amp;" if "?" in place else "?"
    same = place.replace("&", "&amp;") + joined
    assert f'url={same}r=1"' in page
    assert f'href="{same}follow=0"' in page
    assert "http-equiv" not in (await asked("GET", f"{place}{'&' if '?' in place else '?'}follow=0")).body.decode()
