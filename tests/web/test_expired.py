"""A job whose output has expired, asked by programs and seen in a browser: what is left of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import PinRefused
from runner.job import Job
from runner.service import Runner
from runner.settings import OutputSettings, Settings
from runner.web.errors import trouble_of
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of, start_job
from tests.support.waiting import until
from tests.web.conftest import Ask


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Output goes as soon as it may."""
    return settings_of(tmp_path, command("speak", "echo", "hello"), output=OutputSettings(idle_expiry=0.05))


@pytest.fixture
async def expired(runner: Runner) -> Job:
    """A job whose output is gone."""
    job = await start_job(runner, "speak")
    await end_of(runner, job)

    async def gone() -> Job | None:
        now = await runner.job(job.id)
        return now if now.finished and now.finished.expired_at else None

    return await until(gone, 20)


async def test_the_job_stays_and_says_when_its_output_went(asked: Ask, expired: Job) -> None:
    answer = await asked("GET", f"/api/v1/jobs/{expired.id}")
    assert answer.status == 200
    assert answer.json.items() >= {"state": "finished", "outcome": "succeeded", "lines": 1, "bytes": 6}.items()
    assert answer.json["expired_at"] >= answer.json["ended_at"]
    assert answer.json["expires_at"] is None


@pytest.mark.parametrize("query", ["", "?after=0&wait=5", "?after=1", "?after=0&seen=0"])
async def test_its_lines_are_gone(asked: Ask, expired: Job, query: str) -> None:
    answer = await asked("GET", f"/api/v1/jobs/{expired.id}/lines{query}")
    assert (answer.status, answer.header("content-type")) == (410, "application/problem+json")
    assert answer.json["detail"] == "The output of this job has expired. Its record is kept."


@pytest.mark.parametrize("query", ["", "?follow=1", "?stream=stderr"])
async def test_its_log_is_gone(asked: Ask, expired: Job, query: str) -> None:
    answer = await asked("GET", f"/jobs/{expired.id}/log{query}")
    assert (answer.status, answer.header("content-type")) == (410, "text/html; charset=utf-8")
    assert b"has expired" in answer.body
    assert (await asked("HEAD", f"/jobs/{expired.id}/log{query}")).status == 410


async def test_stopping_it_changes_nothing(asked: Ask, expired: Job) -> None:
    answer = await asked("POST", f"/api/v1/jobs/{expired.id}/stop", (), {})
    assert (answer.status, answer.json["outcome"]) == (200, "succeeded")


def test_a_pin_that_is_refused_is_a_conflict() -> None:
    trouble = trouble_of(PinRefused(1 << 30))
    assert (trouble.status, "pinned" in trouble.sentence) == (409, True)


@pytest.mark.parametrize("place", ["", "?after=0", "?line=1", "?q=hello", "/tail"])
async def test_its_page_says_what_ran_how_it_ended_and_when_the_output_went(
    asked: Ask, expired: Job, place: str
) -> None:
    answer = await asked("GET", f"/jobs/{expired.id}{place}")
    page = answer.body.decode()
    assert answer.status == 410
    for words in ("<code>echo hello</code>", "Succeeded", "1 line, 6 B", "Output went", 'href="/commands/speak"'):
        assert words in page
    assert "http-equiv" not in page


async def test_its_fragment_is_a_sentence_without_a_poller(asked: Ask, expired: Job) -> None:
    answer = await asked("GET", f"/jobs/{expired.id}/lines?after=0&seen=1")
    assert answer.status == 200
    assert b"The output of this job has expired." in answer.body
    assert b"hx-get" not in answer.body


async def test_its_panel_is_small_and_may_be_framed(asked: Ask, expired: Job) -> None:
    answer = await asked("GET", f"/jobs/{expired.id}/panel")
    assert answer.status == 410
    assert "frame-ancestors 'self'" in (answer.header("content-security-policy") or "")
    assert b"<nav" not in answer.body


async def test_its_panel_says_so_in_each_size(asked: Ask, expired: Job) -> None:
    for size in ("line", "tail", "full"):
        for path, status in ((f"/jobs/{expired.id}/panel", 410), ("/commands/speak/panel", 200)):
            answer = await asked("GET", f"{path}?size={size}")
            assert (answer.status, b"It wrote 1 line; the output is gone." in answer.body) == (status, True)
            assert b"Succeeded" in answer.body
    assert (await asked("GET", f"/jobs/{expired.id}/panel/fragment?size=tail&seen=x")).status == 200


@pytest.mark.parametrize("verb", ["keep", "pin", "unpin"])
async def test_it_cannot_be_kept_any_more(asked: Ask, expired: Job, verb: str) -> None:
    assert (await asked("POST", f"/jobs/{expired.id}/{verb}")).status == 410


async def test_the_list_says_that_it_is_gone(asked: Ask, expired: Job) -> None:
    assert b"1 line, gone" in (await asked("GET", "/jobs")).body
