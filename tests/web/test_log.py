"""The raw output."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from runner.lines import Gap
from runner.service import Runner
from tests.support.jobs import end_of, start_job
from tests.web.conftest import Ask


async def test_bytes_come_back_unchanged(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "bytes")
    await end_of(runner, job)
    answer = await asked("GET", f"/jobs/{job.id}/log")
    assert answer.body == b"bad \xff\xfe and \r and \x1b[31m\nopen \xe2\x82"
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert "sandbox" in (answer.header("content-security-policy") or "")


async def test_one_stream(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "talk")
    await end_of(runner, job)
    assert (await asked("GET", f"/jobs/{job.id}/log?stream=stderr")).body == b"err 0\nerr 1\nerr 2\n"
    assert (await asked("GET", f"/jobs/{job.id}/log?stream=stdout&follow=1")).body == b"out 0\nout 1\nout 2\n"


async def test_many_lines(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "count", n=200_000)
    await end_of(runner, job)
    expected = b"".join(b"%d\n" % number for number in range(1, 200_001))
    assert (await asked("GET", f"/jobs/{job.id}/log")).body == expected
    assert (await asked("GET", f"/jobs/{job.id}/log?follow=1")).body == expected


async def test_follow_goes_on_until_the_job_ends(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    following = asyncio.create_task(asked("GET", f"/jobs/{job.id}/log?follow=1"))
    assert (await asked("GET", f"/jobs/{job.id}/log?follow=0")).body == b""
    assert not following.done()
    await runner.stop(job.id)
    answer = await asyncio.wait_for(following, 20)
    assert (answer.status, answer.header("x-accel-buffering")) == (200, "no")


async def test_head_does_not_follow(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    answer = await asyncio.wait_for(asked("HEAD", f"/jobs/{job.id}/log?follow=1"), 5)
    assert (answer.status, answer.body) == (200, b"")


async def test_a_job_that_never_was(asked: Ask) -> None:
    assert (await asked("GET", f"/jobs/{'a' * 26}/log")).status == 404


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        ([b"a\n", Gap(1, 5, 50), b"z\n"], b"a\n[Linefeed: 5 lines (50 bytes) are not kept here]\nz\n"),
        ([b"half", Gap(0, 1, 9), b"end"], b"half\n[Linefeed: 1 line (9 bytes) is not kept here]\nend"),
        ([Gap(0, 2, 4)], b"[Linefeed: 2 lines (4 bytes) are not kept here]\n"),
    ],
)
async def test_a_gap_is_one_marked_line(
    asked: Ask, runner: Runner, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes | Gap], shown: bytes
) -> None:
    async def written() -> AsyncIterator[bytes | Gap]:
        for piece in pieces:
            yield piece

    async def log(*_: object) -> AsyncIterator[bytes | Gap]:
        return written()

    monkeypatch.setattr(runner, "log", log)
    assert (await asked("GET", f"/jobs/{'a' * 26}/log")).body == shown
