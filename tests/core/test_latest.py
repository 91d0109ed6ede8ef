"""The newest job of a command: whatever state it is in, after a restart too, and only as far as it is visible."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from runner.job import Visible
from runner.service import Runner
from runner.settings import HistorySettings, OutputSettings, PoolSettings
from tests.core.conftest import RunnerOf
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of, start_job
from tests.support.waiting import until

ECHO, WAIT = command("echo", "echo", "said"), command("wait", "sleep", "600", stop_grace=1.0)


@asynccontextmanager
async def opened(folder: Path, *names: str, keep: float = 3_600.0) -> AsyncIterator[Runner]:
    """A Runner with these of the two commands."""
    settings = settings_of(folder, *(each for each in (ECHO, WAIT) if each.name in (names or ("echo", "wait"))))
    runner = Runner(replace(settings, history=HistorySettings(keep)))
    await runner.open()
    try:
        yield runner
    finally:
        await runner.close()


async def newest(runner: Runner, name: str, visible: Visible | None = None) -> tuple[str, str] | None:
    """Its id and state."""
    job = await runner.latest(name, visible)
    return (job.id, job.state.name) if job else None


async def test_it_is_the_one_started_last_as_it_stands(runner_of: RunnerOf) -> None:
    runner = await runner_of(WAIT, pool=PoolSettings(running=1))
    assert await newest(runner, "wait") is None
    first = await start_job(runner, "wait")
    await until(lambda: newest_is(runner, first.id, "running"))
    second = await start_job(runner, "wait")
    assert await newest(runner, "wait") == (second.id, "queued")
    await runner.stop(first.id, force=True)
    await until(lambda: newest_is(runner, second.id, "running"))
    await runner.stop(second.id, force=True)
    await end_of(runner, second)
    assert await newest(runner, "wait") == (second.id, "finished")


async def newest_is(runner: Runner, job_id: str, state: str) -> bool:
    return await newest(runner, "wait") == (job_id, state)


async def test_another_commands_jobs_are_not_its_own(runner_of: RunnerOf) -> None:
    runner = await runner_of(ECHO, WAIT)
    job = await start_job(runner, "echo")
    await end_of(runner, job)
    assert await newest(runner, "wait") is None
    assert await newest(runner, "none") is None
    assert await newest(runner, "echo") == (job.id, "finished")


async def test_a_next_runner_knows_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        jobs = [await start_job(first, name) for name in ("echo", "echo", "wait")]
        await end_of(first, jobs[1])
    async with opened(tmp_path) as second:
        assert await newest(second, "echo") == (jobs[1].id, "finished")
        assert await newest(second, "wait") == (jobs[2].id, "finished")
        later = await start_job(second, "echo")
        assert (await newest(second, "echo") or ("",))[0] == later.id
    async with opened(tmp_path, "wait") as third:
        assert await newest(third, "echo") is None


async def test_it_is_forgotten_with_its_record_unless_it_is_pinned(tmp_path: Path) -> None:
    async with opened(tmp_path, keep=0.5) as runner:
        pinned = await start_job(runner, "echo")
        await end_of(runner, pinned)
        await runner.pin(pinned.id, True)
        ended = (await end_of(runner, pinned)).ended_at
        job = await start_job(runner, "wait")
        await runner.stop(job.id, force=True)
        await end_of(runner, job)
        await until(lambda: gone(runner))
        found = await runner.latest("echo")
        assert found is not None
        assert found.finished is not None
        assert (found.id, found.finished.ended_at) == (pinned.id, ended)


async def test_it_says_that_its_output_has_expired(runner_of: RunnerOf) -> None:
    runner = await runner_of(ECHO, output=OutputSettings(idle_expiry=0.05))
    job = await start_job(runner, "echo")
    await end_of(runner, job)

    async def expired() -> bool:
        now = await runner.latest("echo")
        return now is not None and now.finished is not None and now.finished.expired_at is not None

    await until(expired, 20)


async def gone(runner: Runner) -> bool:
    return await runner.latest("wait") is None


async def test_who_sees_only_some_has_the_newest_of_those(runner_of: RunnerOf) -> None:
    runner = await runner_of(ECHO)
    jobs = [await runner.start("echo", {}, owner) for owner in ("ada", "ben", "")]
    for job in jobs:
        await end_of(runner, job)
    everything, of_echo, of_none = Visible(None), Visible(frozenset({"echo"}), "ada"), Visible(frozenset())
    found = {who: (await newest(runner, "echo", who) or ("",))[0] for who in (None, everything, of_echo, of_none)}
    assert found == {None: jobs[2].id, everything: jobs[2].id, of_echo: jobs[2].id, of_none: ""}
    for owner, job in (("ada", jobs[0]), ("ben", jobs[1])):
        assert await newest(runner, "echo", Visible(frozenset({"other"}), owner)) == (job.id, "finished")
