"""Jobs through a Runner with real processes: starts, ends and the queue."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from runner.errors import BadCursor, QueueFull, UnknownCommand, UnknownJob
from runner.job import Job, Outcome, Queued, Running, new_id
from runner.service import Runner
from runner.settings import PoolSettings
from tests.core.conftest import RunnerOf
from tests.support.commands import command, python
from tests.support.jobs import end_of, start_job

ONE_AT_ONCE = PoolSettings(running=1, queue=3)
WAIT = command("wait", "sleep", "600", stop_grace=1.0)
TRUE = command("true", "true")


async def positions(runner: Runner, jobs: list[Job]) -> list[int | None]:
    """The place of each job in the queue; None if it does not wait."""
    states = [(await runner.job(job.id)).state for job in jobs]
    return [state.position if isinstance(state, Queued) else None for state in states]


@pytest.mark.parametrize(
    ("code", "outcome", "status", "number"),
    [
        ("pass", Outcome.SUCCEEDED, 0, None),
        ("raise SystemExit(3)", Outcome.FAILED, 3, None),
        ("raise SystemExit(255)", Outcome.FAILED, 255, None),
        ("import os; os.kill(os.getpid(), 9)", Outcome.FAILED, None, 9),
        ("import os; os.kill(os.getpid(), 15)", Outcome.FAILED, None, 15),
        ("import os; os.kill(os.getpid(), 40)", Outcome.FAILED, None, 40),
    ],
)
async def test_a_job_ends_as_its_command_does(
    runner_of: RunnerOf, code: str, outcome: Outcome, status: int | None, number: int | None
) -> None:
    runner = await runner_of(python(code))
    end = await end_of(runner, await start_job(runner, "python"))
    assert (end.outcome, end.exit_code, end.signal) == (outcome, status, number)
    assert end.started_at is not None
    assert end.started_at <= end.ended_at


@pytest.mark.parametrize(
    ("program", "directory", "reason"),
    [
        ("no-such-program-anywhere", ".", "There is no program “no-such-program-anywhere” on the server."),
        ("{}/gone", ".", "There is no program “{}/gone” on the server."),
        ("{}/plain", ".", "The program “{}/plain” may not be run by the server."),
        ("{}", ".", "The program “{}” may not be run by the server."),
        ("{}/binary", ".", "The file “{}/binary” is not a program."),
        ("true", "gone", "The folder in which the command should run does not exist."),
        ("true", "plain", "The folder in which the command should run is not a folder."),
    ],
)
async def test_what_cannot_be_started_says_why(
    runner_of: RunnerOf, tmp_path: Path, program: str, directory: str, reason: str
) -> None:
    (tmp_path / "plain").write_text("text")
    (tmp_path / "binary").write_bytes(b"\x00\x01\x02\x03")
    (tmp_path / "binary").chmod(0o700)
    runner = await runner_of(command("it", program.format(tmp_path), directory=str(tmp_path / directory)))
    end = await end_of(runner, await start_job(runner, "it"))
    assert (end.outcome, end.reason) == (Outcome.NOT_STARTED, reason.format(tmp_path))
    assert (end.exit_code, end.signal, end.started_at) == (None, None, None)


async def test_a_job_that_could_not_start_gives_its_slot_back(runner_of: RunnerOf) -> None:
    runner = await runner_of(command("missing", "no-such-program-anywhere"), TRUE, pool=ONE_AT_ONCE)
    jobs = [await start_job(runner, name) for name in ("missing", "missing", "true")]
    ends = [await end_of(runner, job) for job in jobs]
    assert [end.outcome for end in ends] == [Outcome.NOT_STARTED, Outcome.NOT_STARTED, Outcome.SUCCEEDED]


async def test_a_queue_is_in_order_and_has_positions(runner_of: RunnerOf) -> None:
    runner = await runner_of(WAIT, pool=ONE_AT_ONCE)
    jobs = [await start_job(runner, "wait") for _ in range(4)]
    assert await positions(runner, jobs) == [None, 1, 2, 3]
    await runner.stop(jobs[0].id)
    await end_of(runner, jobs[0])
    assert await positions(runner, jobs) == [None, None, 1, 2]


async def test_more_than_the_queue_holds_are_refused(runner_of: RunnerOf) -> None:
    runner = await runner_of(WAIT, pool=ONE_AT_ONCE)
    for _ in range(4):
        await start_job(runner, "wait")
    with pytest.raises(QueueFull):
        await start_job(runner, "wait")
    assert len((await runner.jobs()).jobs) == 4


async def test_stopping_a_queued_job_takes_it_out(runner_of: RunnerOf) -> None:
    runner = await runner_of(WAIT, pool=ONE_AT_ONCE)
    jobs = [await start_job(runner, "wait") for _ in range(4)]
    end = (await runner.stop(jobs[1].id)).finished
    assert end is not None
    assert (end.outcome, end.started_at) == (Outcome.STOPPED, None)
    assert await positions(runner, jobs) == [None, None, 1, 2]


async def test_a_change_of_position_wakes_a_reader(runner_of: RunnerOf) -> None:
    runner = await runner_of(WAIT, pool=ONE_AT_ONCE)
    jobs = [await start_job(runner, "wait") for _ in range(3)]
    seen = (await runner.lines(jobs[2].id, 0)).revision
    waiting = asyncio.create_task(runner.lines(jobs[2].id, 0, wait=20, seen=seen))
    await runner.stop(jobs[1].id)
    reading = await waiting
    assert reading.job.state == Queued(1)
    assert reading.revision > seen


async def test_a_command_at_its_own_bound_delays_no_other(runner_of: RunnerOf) -> None:
    runner = await runner_of(command("bounded", "sleep", "600", stop_grace=1.0, running=1), TRUE)
    first, second = [await start_job(runner, "bounded") for _ in range(2)]
    assert (await end_of(runner, await start_job(runner, "true"))).outcome == Outcome.SUCCEEDED
    assert isinstance((await runner.job(first.id)).state, Running)
    assert (await runner.job(second.id)).state == Queued(1)


async def test_commands_that_end_at_once_all_finish(runner_of: RunnerOf) -> None:
    runner = await runner_of(TRUE, pool=PoolSettings(running=8, queue=200))
    jobs = [await start_job(runner, "true") for _ in range(200)]
    ends = [await end_of(runner, job, within=60) for job in jobs]
    assert {(end.outcome, end.exit_code) for end in ends} == {(Outcome.SUCCEEDED, 0)}
    assert len((await runner.jobs(state="finished", limit=300)).jobs) == 200


async def test_a_long_queue_of_jobs_that_cannot_start_is_worked_off(runner_of: RunnerOf, tmp_path: Path) -> None:
    runner = await runner_of(WAIT, pool=PoolSettings(running=1, queue=600))
    jobs = [await start_job(runner, "wait") for _ in range(600)]
    for job in jobs[1:]:
        (tmp_path / "data" / "jobs" / job.id).rename(tmp_path / job.id)
    await runner.stop(jobs[0].id, force=True)
    ends = [await end_of(runner, job) for job in jobs]
    assert {end.outcome for end in ends[1:]} == {Outcome.NOT_STARTED}


async def test_unknown_names_are_refused(runner_of: RunnerOf) -> None:
    runner = await runner_of(TRUE)
    with pytest.raises(UnknownCommand):
        await start_job(runner, "other")
    for job_id in (new_id(), "", "../../etc/passwd", "x" * 26 + "\n"):
        with pytest.raises(UnknownJob):
            await runner.job(job_id)
    assert (await runner.jobs()).jobs == ()


async def test_a_cursor_beyond_the_end_is_refused(runner_of: RunnerOf) -> None:
    runner = await runner_of(command("echo", "echo", "line"))
    job = await start_job(runner, "echo")
    await end_of(runner, job)
    assert (await runner.lines(job.id, 1)).slice.next == 1
    with pytest.raises(BadCursor):
        await runner.lines(job.id, 2)
