"""Whose output goes, and when: the rules with a clock of the test's own, and real jobs."""

from __future__ import annotations

import pytest

from runner.errors import OutputExpired, PinRefused
from runner.expiry import Expiry
from runner.job import Job
from runner.service import Runner
from runner.settings import OutputSettings
from tests.core.conftest import RunnerOf
from tests.support.commands import command
from tests.support.jobs import end_of, lines_of, start_job
from tests.support.waiting import until

SPEAK = command("speak", "echo", "hello")
WAIT = command("wait", "sleep", "600", stop_grace=0.1)


def test_output_goes_when_nobody_has_read_it_for_the_idle_time() -> None:
    expiry = Expiry(idle=10, total_bytes=1000)
    expiry.add("a", 1, now=0)
    assert expiry.due(9.9, 0) == []
    assert expiry.due(10, 0) == ["a"]


def test_reading_starts_its_clock_again_and_never_shortens_it() -> None:
    expiry = Expiry(idle=10, total_bytes=1000)
    expiry.add("a", 1, now=0)
    expiry.keep_longer("a", now=0)
    expiry.read("a", now=5)
    assert expiry.due(19.9, 0) == []
    expiry.read("a", now=15)
    assert (expiry.due(24.9, 0), expiry.due(25, 0)) == ([], ["a"])


def test_the_oldest_goes_first_when_all_together_are_too_much() -> None:
    expiry = Expiry(idle=10, total_bytes=100)
    for name in "abc":
        expiry.add(name, 30, now=0)
    assert expiry.due(1, running_bytes=10) == []
    assert expiry.due(1, running_bytes=11) == ["a"]
    assert expiry.due(1, running_bytes=70) == ["a", "b"]


def test_pinned_output_stays_and_more_than_half_cannot_be_pinned() -> None:
    expiry = Expiry(idle=10, total_bytes=100)
    expiry.add("a", 40, now=0)
    expiry.add("b", 40, now=0)
    expiry.pin("a", True)
    with pytest.raises(PinRefused):
        expiry.pin("b", True)
    assert expiry.due(1e9, running_bytes=1000) == ["b"]


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
