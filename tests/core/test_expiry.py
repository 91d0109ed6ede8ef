"""Whose output goes, and when: the rules with a clock of the test's own, and real jobs."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from runner.archive import Archive
from runner.errors import OutputExpired, PinRefused
from runner.expiry import Expiry
from runner.history import History
from runner.job import Finished, Job, Outcome, new_id
from runner.live import LiveJob
from runner.service import Runner
from runner.settings import OutputSettings
from runner.spool import Spool
from tests.core.conftest import RunnerOf
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of, lines_of, start_job
from tests.support.waiting import until

SPEAK = command("speak", "echo", "hello")
WAIT = command("wait", "sleep", "600", stop_grace=0.1)


async def finished(history: History, expiry: Expiry, size: int, *, at: float) -> Job:
    """A job that has just finished, with output of so many bytes."""
    end = expiry.begin(Finished(Outcome.SUCCEEDED, "", at, at), size, at)
    return await put(history, Job(new_id(), "speak", "", ("echo",), {}, at, end))


async def put(history: History, job: Job) -> Job:
    await history.put(job)
    return job


def end_of_job(job: Job) -> Finished:
    assert job.finished
    return job.finished


async def test_output_goes_when_nobody_has_read_it_for_the_idle_time(history: History) -> None:
    expiry = Expiry(history, idle=10, total_bytes=1000)
    job = await finished(history, expiry, 1, at=0)
    assert await expiry.overdue(9.9) == []
    assert await expiry.overdue(10) == [job.id]


async def test_reading_starts_its_clock_again_and_never_shortens_it(history: History) -> None:
    expiry = Expiry(history, idle=10, total_bytes=1000)
    job = await finished(history, expiry, 1, at=0)
    job = await put(history, job.became(expiry.keep_longer(job, end_of_job(job), now=0)))
    expiry.read(job, now=5)
    assert await expiry.overdue(19.9) == []
    expiry.read(job, now=15)
    assert expiry.kept_until(job) == 25
    assert (await expiry.overdue(24.9), await expiry.overdue(25)) == ([], [job.id])


async def test_a_job_that_is_kept_longer_has_what_is_left_and_the_idle_time(history: History) -> None:
    expiry = Expiry(history, idle=10, total_bytes=1000)
    job = await finished(history, expiry, 1, at=0)
    expiry.read(job, now=5)
    assert expiry.keep_longer(job, end_of_job(job), now=6).kept_until == 25


async def test_a_restart_starts_the_clock_again_and_shortens_nothing(history: History) -> None:
    earlier = Expiry(history, idle=10, total_bytes=1000)
    plain = await finished(history, earlier, 30, at=0)
    longer = await finished(history, earlier, 30, at=0)
    await put(history, longer.became(replace(end_of_job(longer), expires_at=1_000_100.0)))
    later = Expiry(history, idle=10, total_bytes=50)
    await later.open(now=5_000, wall_now=1_000_000)
    assert await later.overdue(5_009) == []
    assert await later.overdue(5_010) == [plain.id]
    assert await later.overdue(5_100) == [plain.id, longer.id]
    assert await later.too_much(0) == [plain.id]


async def test_the_oldest_goes_first_when_all_together_are_too_much(history: History) -> None:
    expiry = Expiry(history, idle=10, total_bytes=100)
    first, second, _third = [await finished(history, expiry, 30, at=moment) for moment in (1, 2, 3)]
    assert await expiry.too_much(10) == []
    assert await expiry.too_much(11) == [first.id]
    assert await expiry.too_much(70) == [first.id, second.id]
    expiry.gone(60)
    assert await expiry.too_much(70) == []


async def test_pinned_output_stays_and_more_than_half_cannot_be_pinned(history: History) -> None:
    expiry = Expiry(history, idle=10, total_bytes=100)
    first, second = [await finished(history, expiry, 40, at=moment) for moment in (1, 2)]
    pinned = await put(history, first.became(expiry.pin(end_of_job(first), True, now=3)))
    with pytest.raises(PinRefused):
        expiry.pin(end_of_job(second), True, now=3)
    assert await expiry.overdue(1e9) == await expiry.too_much(1000) == [second.id]
    expiry.pin(end_of_job(pinned), False, now=4)
    assert expiry.pin(end_of_job(second), True, now=4).pinned


async def test_what_was_read_is_still_known_when_the_index_cannot_be_written(history: History, tmp_path: Path) -> None:
    expiry = Expiry(history, idle=10, total_bytes=1000)
    job = await finished(history, expiry, 1, at=0)
    expiry.read(job, now=5)
    with closing(sqlite3.connect(tmp_path / "history.sqlite3", isolation_level=None)) as other:
        await history.get(job.id)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError):
            await expiry.overdue(12)
        other.execute("ROLLBACK")
    assert await expiry.overdue(14.9) == []
    assert await expiry.overdue(15) == [job.id]
    await put(history, job)


async def test_what_could_not_be_expired_is_tried_again_and_counted_once(history: History, tmp_path: Path) -> None:
    output = OutputSettings(idle_expiry=1000, max_bytes=1000, total_bytes=1000)
    archive = Archive(tmp_path, history, settings_of(tmp_path, SPEAK, output=output))
    first = await archived(archive, history, tmp_path, 600)
    with closing(sqlite3.connect(tmp_path / "history.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError):
            await archive.sweep(500)
        other.execute("ROLLBACK")
    assert first.exists()
    await archive.sweep(500)
    assert not first.exists()
    second = await archived(archive, history, tmp_path, 600)
    await archive.sweep(300)
    assert second.exists()


async def archived(archive: Archive, history: History, jobs: Path, size: int) -> Path:
    """The folder of a job that has just finished, with a file of so many bytes."""
    job = Job(new_id(), "speak", "", ("echo",), {}, 0.0, Finished(Outcome.SUCCEEDED, "", 0.0, time.time()))
    folder = jobs / job.id
    folder.mkdir()
    (folder / "output").write_bytes(bytes(size))
    live = LiveJob(job, Spool(folder))
    archive.add(live)
    await history.put(live.job)
    return folder


async def expired(runner: Runner, job: Job) -> Job:
    """The job once its output is gone."""

    async def gone() -> Job | None:
        now = await runner.job(job.id)
        return now if now.finished and now.finished.expired_at else None

    return await until(gone, 20)


async def test_the_folder_goes_and_the_record_stays(runner_of: RunnerOf) -> None:
    runner = await runner_of(SPEAK, output=OutputSettings(idle_expiry=0.1))
    job = await start_job(runner, SPEAK)
    assert (await expired(runner, job)).output.lines == 1
    folder = runner.settings.server.data / "jobs" / job.id
    await until(lambda: not folder.exists(), 5)
    with pytest.raises(OutputExpired):
        await runner.lines(job.id, 0)


async def test_a_running_silent_job_is_never_touched(runner_of: RunnerOf) -> None:
    runner = await runner_of(SPEAK, WAIT, output=OutputSettings(idle_expiry=0.1))
    silent = await start_job(runner, WAIT)
    await expired(runner, await start_job(runner, SPEAK))
    assert (await runner.job(silent.id)).state.name == "running"
    assert (runner.settings.server.data / "jobs" / silent.id).exists()


async def test_pinned_output_outlives_its_time(runner_of: RunnerOf) -> None:
    runner = await runner_of(SPEAK, output=OutputSettings(idle_expiry=1.0))
    pinned = await start_job(runner, SPEAK)
    await end_of(runner, pinned)
    assert (await runner.pin(pinned.id, True)).finished.pinned  # type: ignore[union-attr] # it has ended
    await expired(runner, await start_job(runner, SPEAK))
    assert await lines_of(runner, pinned) == [b"hello"]


async def test_all_output_together_is_bounded(runner_of: RunnerOf) -> None:
    print_much = command("much", "seq", "1", "40000")
    runner = await runner_of(print_much, output=OutputSettings(max_bytes=1 << 20, total_bytes=1 << 20))
    jobs = []
    for _ in range(6):  # one after the other, so that the first is the oldest
        jobs.append(await start_job(runner, print_much))
        await end_of(runner, jobs[-1])
    await expired(runner, jobs[0])
    assert len(await lines_of(runner, jobs[-1])) == 40_000


async def test_what_was_read_stays_although_it_is_old(runner_of: RunnerOf) -> None:
    runner = await runner_of(SPEAK, output=OutputSettings(idle_expiry=2.5))
    read, unread = [await start_job(runner, SPEAK) for _ in range(2)]
    for job in (read, unread):
        await end_of(runner, job)

    async def unread_is_gone() -> bool:
        await lines_of(runner, read)
        return bool(end_of_job(await runner.job(unread.id)).expired_at)

    await until(unread_is_gone, 20)
    assert await lines_of(runner, read) == [b"hello"]
