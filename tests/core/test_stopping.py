"""Stops, timeouts and ends: whatever a job started, nothing of it is left."""

from __future__ import annotations

import os
import signal
import uuid

import pytest

from runner.job import Job, Outcome, Running, Stopping
from runner.lines import Stream
from runner.service import Runner
from runner.settings import PoolSettings
from tests.core.conftest import RunnerOf
from tests.support.commands import command, python
from tests.support.jobs import end_of, lines_of, start_job
from tests.support.processes import LEAVES, hostile, marked, shim_of
from tests.support.waiting import until

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up')\nwhile True: signal.pause()"
SHELL_LEAVES = "setsid sleep 600 & echo said; exec >&- 2>&-"


@pytest.fixture
def mark() -> str:
    """A word that no other process has among its arguments."""
    return uuid.uuid4().hex


async def started(runner: Runner, name: str, lines: int = 1) -> Job:
    """A job that has said so many lines."""
    job = await start_job(runner, name)

    async def said() -> bool:
        return (await runner.job(job.id)).output.lines >= lines

    await until(said)
    return job


async def test_a_stop_is_sigterm_first(runner_of: RunnerOf) -> None:
    code = "import os, signal; signal.signal(signal.SIGTERM, lambda *_: os._exit(7)); print('up'); signal.pause()"
    runner = await runner_of(python(code))
    job = await started(runner, "python")
    await runner.stop(job.id)
    end = await end_of(runner, job)
    assert (end.outcome, end.exit_code) == (Outcome.STOPPED, 7)
    assert end.reason == "Stopped on request: exited with status 7."


async def test_stopping_is_visible_at_once(runner_of: RunnerOf) -> None:
    runner = await runner_of(python(STUBBORN, stop_grace=0.5))
    job = await started(runner, "python")
    state = (await runner.stop(job.id)).state
    assert isinstance(state, Stopping)
    assert (await runner.jobs(state="stopping")).jobs[0].id == job.id
    assert (await end_of(runner, job)).signal == signal.SIGKILL


async def test_the_grace_is_given(runner_of: RunnerOf) -> None:
    runner = await runner_of(python(STUBBORN, stop_grace=0.5))
    job = await started(runner, "python")
    begin = (await runner.stop(job.id)).started_at
    end = await end_of(runner, job)
    assert begin is not None
    assert end.ended_at - begin >= 0.5


async def test_force_does_not_wait_for_the_grace(runner_of: RunnerOf) -> None:
    runner = await runner_of(python(STUBBORN, stop_grace=600.0))
    job = await started(runner, "python")
    await runner.stop(job.id)
    await runner.stop(job.id, force=True)
    end = await end_of(runner, job)
    assert (end.outcome, end.signal) == (Outcome.STOPPED, signal.SIGKILL)


async def test_stopping_again_changes_nothing(runner_of: RunnerOf) -> None:
    runner = await runner_of(python(STUBBORN, stop_grace=0.3))
    job = await started(runner, "python")
    for _ in range(2_000):
        await runner.stop(job.id)
    end = await end_of(runner, job)
    for force in (False, True):
        again = (await runner.stop(job.id, force)).finished
        assert again is not None
        assert (again.outcome, again.reason, again.ended_at) == (end.outcome, end.reason, end.ended_at)


async def test_a_job_may_be_stopped_before_its_command_runs(runner_of: RunnerOf) -> None:
    runner = await runner_of(command("sleep", "sleep", "600"))
    jobs = [await start_job(runner, "sleep") for _ in range(4)]
    for job in jobs:
        await runner.stop(job.id)
    assert {(await end_of(runner, job)).outcome for job in jobs} == {Outcome.STOPPED}


async def test_nothing_is_left_of_a_hostile_tree(runner_of: RunnerOf, mark: str) -> None:
    runner = await runner_of(hostile(mark))
    for _ in range(10):
        job = await started(runner, "hostile", LEAVES)
        assert len(marked(mark)) >= LEAVES + 1
        await runner.stop(job.id)
        assert (await end_of(runner, job)).outcome == Outcome.STOPPED
        assert not marked(mark)


async def test_nothing_is_left_of_a_tree_that_forks_all_the_time(runner_of: RunnerOf, mark: str) -> None:
    forking = "import os, time; print('up')\nwhile True:\n    if os.fork(): os._exit(0)\n    os.setsid()"
    runner = await runner_of(python(f"{forking} # {mark}", stop_grace=0.2))
    job = await start_job(runner, "python")
    await runner.stop(job.id, force=True)
    await end_of(runner, job)
    assert not marked(mark)


async def test_a_frozen_job_can_be_stopped(runner_of: RunnerOf) -> None:
    code = "import os, signal; print('up'); os.kill(os.getpid(), signal.SIGSTOP); signal.pause()"
    runner = await runner_of(python(code, stop_grace=600.0))
    job = await started(runner, "python")
    await runner.stop(job.id)
    assert (await end_of(runner, job)).signal == signal.SIGTERM


async def test_a_timeout_ends_the_job_and_says_so(runner_of: RunnerOf) -> None:
    runner = await runner_of(python(STUBBORN, timeout=0.5, stop_grace=0.2))
    end = await end_of(runner, await start_job(runner, "python"))
    assert (end.outcome, end.signal) == (Outcome.TIMED_OUT, signal.SIGKILL)
    assert end.reason.startswith("It ran longer than its limit of 0.5 seconds:")


async def test_the_first_cause_counts(runner_of: RunnerOf) -> None:
    runner = await runner_of(python(STUBBORN, timeout=0.3, stop_grace=0.6))
    job = await start_job(runner, "python")

    async def stopping() -> bool:
        return (await runner.job(job.id)).state.name == "stopping"

    await until(stopping)
    await runner.stop(job.id)
    assert (await end_of(runner, job)).outcome == Outcome.TIMED_OUT


async def test_the_list_says_stopping_although_a_reader_saw_it_first(runner_of: RunnerOf) -> None:
    runner = await runner_of(python(STUBBORN, timeout=0.3, stop_grace=3.0))
    job = await start_job(runner, "python")
    while isinstance((await runner.lines(job.id, (await runner.job(job.id)).output.lines)).job.state, Running):
        pass  # never waits, so no ring of the doorbell is heard before the reader has looked

    async def listed() -> bool:
        return [each.id for each in (await runner.jobs(state="stopping")).jobs] == [job.id]

    await until(listed, within=2.0)


async def test_processes_in_the_background_are_ended_and_told(runner_of: RunnerOf) -> None:
    runner = await runner_of(command("shell", "sh", "-c", SHELL_LEAVES))
    end = await end_of(runner, await start_job(runner, "shell"))
    assert end.outcome == Outcome.SUCCEEDED
    assert end.reason == "It exited with status 0. 1 process left in the background was ended."


async def test_output_before_the_end_is_all_there(runner_of: RunnerOf) -> None:
    script = "sleep 600 & seq 1 2000; echo last >&2"
    runner = await runner_of(command("shell", "sh", "-c", script), pool=PoolSettings(running=4, queue=200))
    jobs = [await start_job(runner, "shell") for _ in range(100)]
    wanted = sorted([b"%d" % number for number in range(1, 2001)] + [b"last"])
    for job in jobs:
        await end_of(runner, job, within=60)
        assert sorted(await lines_of(runner, job)) == wanted


async def test_a_killed_shim_is_a_lost_job_and_nothing_is_left(runner_of: RunnerOf, mark: str) -> None:
    runner = await runner_of(python(f"{STUBBORN} # {mark}"))
    job = await started(runner, "python")
    os.kill(shim_of(job.id), signal.SIGKILL)
    end = await end_of(runner, job)
    assert (end.outcome, end.exit_code, end.signal) == (Outcome.LOST, None, None)
    assert not marked(mark)
    assert await lines_of(runner, job) == [b"up"]


async def test_a_lost_job_may_be_stopped_while_it_is_cleaned_up(runner_of: RunnerOf) -> None:
    runner = await runner_of(python(STUBBORN))
    job = await started(runner, "python")
    os.kill(shim_of(job.id), signal.SIGKILL)

    async def stopped() -> bool:
        return (await runner.stop(job.id)).finished is not None

    await until(stopped)
    assert (await end_of(runner, job)).outcome == Outcome.LOST


async def test_following_the_log_ends_with_the_job(runner_of: RunnerOf, mark: str) -> None:
    runner = await runner_of(hostile(mark))
    job = await started(runner, "hostile", LEAVES)
    following = await runner.log(job.id, Stream.STDOUT, follow=True)
    await runner.stop(job.id, force=True)
    assert b"".join([part async for part in following if isinstance(part, bytes)]) == b"up\n" * LEAVES
    assert not marked(mark)
