"""A Runner after another on one data folder, and what strangers do to its files."""

from __future__ import annotations

import asyncio
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from runner.errors import DataInUse, OutputExpired, ShuttingDown
from runner.job import Job, Outcome
from runner.service import Runner
from runner.settings import PoolSettings
from tests.core.conftest import RunnerOf
from tests.support.commands import command, python, settings_of
from tests.support.jobs import end_of, lines_of, start_job
from tests.support.waiting import until

COMMANDS = (
    command("echo", "echo", "said"),
    command("wait", "sleep", "600", stop_grace=1.0),
    python("import time\nfor n in range(50): print(n); time.sleep(0.01)", "slow"),  # the pace of the job itself
)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Runner]:
    """A Runner on the data folder in ``folder``, with one slot."""
    runner = Runner(settings_of(folder, *COMMANDS, pool=PoolSettings(running=1, queue=10)))
    await runner.open()
    try:
        yield runner
    finally:
        await runner.close()


async def test_the_next_runner_knows_all_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        job = await start_job(first, "echo")
        await end_of(first, job)
        before = await first.job(job.id)
    async with opened(tmp_path) as second:
        after = await second.job(job.id)
        assert (after.argv, after.queued_at, after.output.lines) == (before.argv, before.queued_at, 1)
        assert told(after) == told(before)
        assert await lines_of(second, job) == [b"said"]
        assert [each.id for each in (await second.jobs()).jobs] == [job.id]


def told(job: Job) -> tuple[object, ...]:
    """How the job ended, but for the clock of its expiry, which a restart begins anew."""
    end = job.finished
    assert end is not None
    return end.outcome, end.reason, end.exit_code, end.signal, end.started_at, end.ended_at


async def test_closing_ends_what_runs_and_what_waits(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        jobs = [await start_job(first, "wait") for _ in range(3)]
    async with opened(tmp_path) as second:
        ends = [(await second.job(job.id)).finished for job in jobs]
    assert {end.outcome for end in ends if end} == {Outcome.STOPPED}
    assert [end.signal for end in ends if end] == [signal.SIGTERM, None, None]


async def test_a_runner_that_is_closed_starts_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as runner:
        pass
    with pytest.raises(ShuttingDown):
        await start_job(runner, "echo")


async def test_a_half_made_folder_is_no_job(tmp_path: Path) -> None:
    async with opened(tmp_path):
        pass
    (tmp_path / "data" / "jobs" / ("a" * 26)).mkdir()
    (tmp_path / "data" / "jobs" / "stray").mkdir()
    async with opened(tmp_path) as second:
        assert (await second.jobs()).jobs == ()


async def test_a_folder_that_was_being_deleted_is_deleted(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        job = await start_job(first, "echo")
        await end_of(first, job)
    with closing(sqlite3.connect(tmp_path / "data" / "history.sqlite3")) as index, index:
        index.execute("UPDATE jobs SET expired_at = ended_at, expires_at = NULL, kept_until = NULL")
    async with opened(tmp_path) as second:
        assert [each.id for each in (await second.jobs()).jobs] == [job.id]
        assert not (tmp_path / "data" / "jobs" / job.id).exists()
        with pytest.raises(OutputExpired):
            await second.lines(job.id, 0)


@pytest.mark.parametrize("ring", [b"", b"\xff" * 26, b"x" * 100_000, b"a" * 26, b"../../../etc/passwd", bytes(26)])
async def test_hostile_rings_are_ignored(runner_of: RunnerOf, tmp_path: Path, ring: bytes) -> None:
    runner = await runner_of(*COMMANDS)
    job = await start_job(runner, "slow")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.connect(str(tmp_path / "data" / "doorbell"))
        for _ in range(50):
            await asyncio.to_thread(stranger.send, ring)
    await end_of(runner, job)
    assert len(await lines_of(runner, job)) == 50


async def test_two_runners_do_not_share_a_data_folder(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        job = await start_job(first, "wait")
        await until(lambda: shim_is_up(tmp_path, job.id))
        with pytest.raises(DataInUse, match="in use"):
            await Runner(settings_of(tmp_path, *COMMANDS)).open()
        assert (await first.job(job.id)).finished is None


def shim_is_up(folder: Path, job_id: str) -> bool:
    """Whether the job's shim has begun to write."""
    return (folder / "data" / "jobs" / job_id / "progress").exists()


async def test_without_its_doorbell_the_files_are_looked_at(runner_of: RunnerOf, tmp_path: Path) -> None:
    runner = await runner_of(*COMMANDS)
    (tmp_path / "data" / "doorbell").unlink()
    job = await start_job(runner, "slow")
    await end_of(runner, job)
    assert await lines_of(runner, job) == [b"%d" % number for number in range(50)]


async def test_one_unreadable_job_does_not_blind_the_runner_to_the_others(runner_of: RunnerOf, tmp_path: Path) -> None:
    runner = await runner_of(*COMMANDS, command("up", "sh", "-c", "echo up; exec sleep 600", stop_grace=1.0))
    (tmp_path / "data" / "doorbell").unlink()
    unreadable = await start_job(runner, "wait")
    progress = tmp_path / "data" / "jobs" / unreadable.id / "progress"
    await until(progress.exists)
    progress.rename(progress.with_name("moved"))
    progress.mkdir()
    job = await start_job(runner, "up")
    try:
        await until(lambda: said(runner, job), within=5)
    finally:
        progress.rmdir()


async def said(runner: Runner, job: Job) -> bool:
    """Whether the runner has noticed a line of the job."""
    return (await runner.job(job.id)).output.lines == 1
