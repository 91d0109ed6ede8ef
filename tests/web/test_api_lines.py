"""Lines of a job by cursor, at once and by waiting."""

from __future__ import annotations

import asyncio
import re

from quart import Quart

from runner.service import Runner
from runner.web.context import context_of
from tests.support.jobs import end_of, start_job
from tests.support.waiting import until
from tests.web.conftest import Ask

KEYS = {"first", "next", "dropped", "lines", "open", "revision", "state", "outcome"}


async def counted(runner: Runner, number: int) -> str:
    """The id of a finished job that counted up to ``number``."""
    job = await start_job(runner, "count", n=number)
    await end_of(runner, job)
    return f"/api/v1/jobs/{job.id}/lines"


async def test_lines_after_a_cursor(asked: Ask, runner: Runner) -> None:
    lines = await counted(runner, 10)
    answer = (await asked("GET", f"{lines}?after=4&limit=3")).json
    assert set(answer) == KEYS
    assert [(line["number"], line["stream"], line["text"]) for line in answer["lines"]] == [
        (5, "stdout", "5"), (6, "stdout", "6"), (7, "stdout", "7"),
    ]  # fmt: skip
    assert set(answer["lines"][0]) == {"number", "stream", "time", "text"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", answer["lines"][0]["time"])
    assert (answer["first"], answer["next"], answer["dropped"]) == (5, 7, 0)
    assert (answer["state"], answer["outcome"], answer["open"]) == ("finished", "succeeded", [])


async def test_a_thousand_lines_unless_asked_otherwise(asked: Ask, runner: Runner) -> None:
    lines = await counted(runner, 30_000)
    assert len((await asked("GET", lines)).json["lines"]) == 1_000
    assert len((await asked("GET", f"{lines}?limit=20000")).json["lines"]) == 20_000


async def test_nothing_new_keeps_the_cursor(asked: Ask, runner: Runner) -> None:
    lines = await counted(runner, 3)
    answer = (await asked("GET", f"{lines}?after=3&wait=30")).json
    assert (answer["first"], answer["next"], answer["lines"]) == (None, 3, [])


async def test_a_cursor_beyond_the_end_names_the_end(asked: Ask, runner: Runner) -> None:
    answer = await asked("GET", f"{await counted(runner, 3)}?after=4")
    assert answer.status == 400
    assert "3" in answer.json["errors"]["after"]


async def test_both_streams_are_labelled(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "talk")
    await end_of(runner, job)
    lines = (await asked("GET", f"/api/v1/jobs/{job.id}/lines")).json["lines"]
    for stream, word in (("stdout", "out"), ("stderr", "err")):
        assert [line["text"] for line in lines if line["stream"] == stream] == [f"{word} {n}" for n in range(3)]


async def test_bytes_that_are_no_utf8_are_replaced(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "bytes")
    await end_of(runner, job)
    lines = (await asked("GET", f"/api/v1/jobs/{job.id}/lines")).json["lines"]
    assert [line["text"] for line in lines] == ["bad \ufffd\ufffd and \r and \x1b[31m", "open \ufffd"]


async def test_a_waiting_poll_is_answered_when_the_job_ends(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    poll = asyncio.create_task(asked("GET", f"/api/v1/jobs/{job.id}/lines?wait=30"))
    await runner.stop(job.id)
    answer = await asyncio.wait_for(poll, 20)
    assert (answer.json["state"], answer.json["outcome"]) == ("finished", "stopped")


async def test_a_poll_that_has_seen_another_revision_is_answered_at_once(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    revision = (await asked("GET", f"/api/v1/jobs/{job.id}/lines")).json["revision"]
    answer = await asyncio.wait_for(asked("GET", f"/api/v1/jobs/{job.id}/lines?wait=30&seen={revision + 1}"), 5)
    assert answer.json["first"] is None


async def test_a_waiting_poll_is_held_until_its_time_is_over(asked: Ask, app: Quart, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    holds = context_of(app).holds
    poll = asyncio.create_task(asked("GET", f"/api/v1/jobs/{job.id}/lines?wait=0.3"))
    await until(lambda: holds.held == 1)
    answer = await poll
    assert (answer.json["state"], answer.json["first"], holds.held) == ("running", None, 0)


async def test_one_browser_has_three_polls_held_and_the_fourth_answered(asked: Ask, app: Quart, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    holds = context_of(app).holds
    cookie = [(b"cookie", b"linefeed_browser=" + b"a" * 22)]
    path = f"/api/v1/jobs/{job.id}/lines?wait=30"
    polls = [asyncio.create_task(asked("GET", path, cookie)) for _ in range(3)]
    await until(lambda: holds.held == 3)
    assert (await asyncio.wait_for(asked("GET", path, cookie), 5)).status == 200
    uncounted = asyncio.create_task(asked("GET", path, [(b"cookie", b"linefeed_browser=x")]))
    await until(lambda: holds.held == 4)
    await runner.stop(job.id)
    assert {answer.status for answer in await asyncio.gather(*polls, uncounted)} == {200}
    assert holds.held == 0


async def test_readers_at_one_cursor_share_the_encoded_answer(asked: Ask, runner: Runner) -> None:
    lines = await counted(runner, 1_000)
    answers = await asyncio.gather(*(asked("GET", lines) for _ in range(5)))
    assert len({answer.body for answer in answers}) == 1
