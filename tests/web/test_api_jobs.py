"""The JSON API's commands and jobs."""

from __future__ import annotations

import re

import pytest

from runner.job import is_id
from runner.service import Runner
from tests.support.asgi import Answer
from tests.support.jobs import end_of, start_job
from tests.support.waiting import until
from tests.web.conftest import Ask

KEYS = {
    "id", "command", "argv", "parameters", "state", "outcome", "reason", "exit_code", "signal", "queued_at",
    "started_at", "ended_at", "lines", "bytes", "dropped", "queue_position", "expires_at", "expired_at",
}  # fmt: skip
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


async def finished(asked: Ask, job_id: str) -> Answer:
    """The answer for a job once it has ended."""

    async def end() -> Answer | None:
        answer = await asked("GET", f"/api/v1/jobs/{job_id}")
        return answer if answer.json["state"] == "finished" else None

    return await until(end)


async def test_commands_are_listed_with_their_parameters(asked: Ask) -> None:
    commands = (await asked("GET", "/api/v1/commands")).json["commands"]
    count = commands[0]
    assert {key: count[key] for key in ("name", "title", "description", "group")} == {
        "name": "count", "title": "Count", "description": "Counts", "group": "Numbers",
    }  # fmt: skip
    assert (
        count["parameters"][0].items() >= {"name": "n", "label": "Up to", "type": "integer", "max": 1_000_000}.items()
    )
    assert [command["name"] for command in commands[:3]] == ["count", "echo", "nothing"]


async def test_start_answers_with_the_job_and_where_it_is(asked: Ask) -> None:
    answer = await asked("POST", "/api/v1/jobs", (), {"command": "count", "parameters": {"n": 3}})
    job = answer.json
    assert answer.status == 201
    assert answer.header("location") == f"/api/v1/jobs/{job['id']}"
    assert is_id(job["id"])
    assert set(job) == KEYS
    assert job["argv"] == ["seq", "3"]
    assert job["parameters"] == {"n": 3}
    assert TIME.fullmatch(job["queued_at"])


async def test_a_job_that_succeeded(asked: Ask) -> None:
    started = await asked("POST", "/api/v1/jobs", (), {"command": "count", "parameters": {"n": 3}})
    job = (await finished(asked, started.json["id"])).json
    assert job.items() >= {"outcome": "succeeded", "exit_code": 0, "signal": None, "queue_position": None}.items()
    assert job.items() >= {"lines": 3, "bytes": 6, "dropped": 0, "expired_at": None}.items()
    assert job["expires_at"] > job["ended_at"]
    assert job["queued_at"] <= job["started_at"] <= job["ended_at"]
    assert job["reason"]


async def test_a_program_that_does_not_exist_is_a_job_that_was_not_started(asked: Ask) -> None:
    started = await asked("POST", "/api/v1/jobs", (), {"command": "missing"})
    job = (await finished(asked, started.json["id"])).json
    assert started.status == 201
    assert job["outcome"] == "not_started"
    assert job["exit_code"] is None
    assert job["started_at"] is None
    assert job["reason"]


async def test_jobs_newest_first_in_pages(asked: Ask, runner: Runner) -> None:
    ids = [(await start_job(runner, "nothing")).id for _ in range(5)]
    first = (await asked("GET", "/api/v1/jobs?limit=2")).json
    second = (await asked("GET", f"/api/v1/jobs?limit=3&before={first['next']}")).json
    assert [job["id"] for job in first["jobs"] + second["jobs"]] == ids[::-1]
    assert set(first["jobs"][0]) == KEYS


async def test_jobs_by_state_and_command(asked: Ask, runner: Runner) -> None:
    waiting, done = await start_job(runner, "wait"), await start_job(runner, "nothing")
    await end_of(runner, done)
    assert await ids_of(asked, "state=finished") == [done.id]
    assert await ids_of(asked, "command=wait") == [waiting.id]
    assert await ids_of(asked, "command=wait&state=finished") == []
    assert await ids_of(asked, "command=never-was") == []


async def ids_of(asked: Ask, query: str) -> list[str]:
    """The ids that this query lists."""
    return [job["id"] for job in (await asked("GET", f"/api/v1/jobs?{query}")).json["jobs"]]


async def test_only_a_queued_job_has_a_position(asked: Ask, runner: Runner) -> None:
    jobs = [await start_job(runner, "wait") for _ in range(6)]
    shown = [(await asked("GET", f"/api/v1/jobs/{job.id}")).json for job in jobs]
    assert [job["queue_position"] for job in shown] == [None, None, None, None, 1, 2]
    assert [job["state"] for job in shown] == ["running"] * 4 + ["queued"] * 2
    assert shown[5]["started_at"] is None


@pytest.mark.parametrize("body", [b"", {"force": False}])
async def test_stop(asked: Ask, runner: Runner, body: object) -> None:
    job = await start_job(runner, "wait")
    answer = await asked("POST", f"/api/v1/jobs/{job.id}/stop", (), body)
    assert answer.status == 202
    assert (await finished(asked, job.id)).json["outcome"] == "stopped"


async def test_force_kills_at_once(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    await asked("POST", f"/api/v1/jobs/{job.id}/stop", (), {"force": True})
    assert (await finished(asked, job.id)).json["outcome"] == "stopped"


async def test_stop_of_a_finished_job_changes_nothing(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "nothing")
    await end_of(runner, job)
    before = await asked("GET", f"/api/v1/jobs/{job.id}")
    answer = await asked("POST", f"/api/v1/jobs/{job.id}/stop")
    assert (answer.status, answer.json) == (200, before.json)


@pytest.mark.parametrize("job_id", ["a" * 26, "x", "..", "%00", "A" * 26, "a" * 4000])
@pytest.mark.parametrize("path", ["", "/lines", "/stop"])
async def test_a_job_that_never_was(asked: Ask, job_id: str, path: str) -> None:
    answer = await asked("POST" if path == "/stop" else "GET", f"/api/v1/jobs/{job_id}{path}")
    assert answer.status == 404
    assert answer.header("content-type") == "application/problem+json"


async def test_input_is_not_built_yet(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "nothing")
    assert (await asked("POST", f"/api/v1/jobs/{job.id}/input", (), {"text": "x"})).status == 404
