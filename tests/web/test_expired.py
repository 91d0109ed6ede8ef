"""A job whose output has expired, asked by programs: the job is there, its output is gone."""

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
