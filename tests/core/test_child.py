"""What a command finds around itself: nothing of the server's but what was meant for it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.job import Outcome
from runner.service import Runner
from tests.core.conftest import RunnerOf
from tests.support.commands import ENVIRONMENT, command, python
from tests.support.jobs import end_of, lines_of, start_job

STATUS = command("status", "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status")


async def masks(runner: Runner) -> list[int]:
    """The signals that a job blocks and ignores; 32 and 33 are the C library's own and cannot be asked of it."""
    return [int(line.split()[1], 16) & ~(0b11 << 31) for line in await said(runner, "status")]


async def said(runner: Runner, name: str = "python") -> list[bytes]:
    """The lines of a job of this command, when it has ended."""
    job = await start_job(runner, name)
    await end_of(runner, job)
    return await lines_of(runner, job)


async def test_only_the_three_standard_descriptors_are_open(runner_of: RunnerOf, tmp_path: Path) -> None:
    with (tmp_path / "of the server").open("w") as file:
        file.write("open while the job is started")
        runner = await runner_of(command("ls", "ls", "/proc/self/fd"))
        assert await said(runner, "ls") == [b"0", b"1", b"2", b"3"]  # ls itself opens the folder as 3


async def test_standard_input_is_empty(runner_of: RunnerOf) -> None:
    runner = await runner_of(python("import sys; print(repr(sys.stdin.read()))"))
    assert await said(runner) == [b"''"]


async def test_the_environment_is_exactly_what_was_given(runner_of: RunnerOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_SERVER", "secret")
    runner = await runner_of(replace(command("env", "env"), env={"MINE": "ä = 1", "LANG": "C"}))
    job = await start_job(runner, "env")
    await end_of(runner, job)
    wanted = {**ENVIRONMENT, "MINE": "ä = 1", "LANG": "C", "LINEFEED_JOB": job.id}
    assert sorted(await lines_of(runner, job)) == sorted(f"{key}={value}".encode() for key, value in wanted.items())


async def test_it_runs_in_its_folder(runner_of: RunnerOf, tmp_path: Path) -> None:
    runner = await runner_of(command("there", "pwd", directory=str(tmp_path)), command("here", "pwd"))
    assert await said(runner, "there") == [str(tmp_path).encode()]
    assert await said(runner, "here") == [str(Path.cwd()).encode()]


async def test_arguments_arrive_as_they_are(runner_of: RunnerOf) -> None:
    words = ["a b", "ä€𝄞", "", "$HOME", "*", "a\nb", "'\"\\", "x" * 100_000]
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    show = replace(python(code), argv=(*python(code).argv, *words))
    runner = await runner_of(show)
    assert json.loads((await said(runner))[0]) == words


async def test_it_leads_a_session_of_its_own(runner_of: RunnerOf) -> None:
    runner = await runner_of(python("import os; print(os.getsid(0) == os.getpgid(0) == os.getpid())"))
    assert await said(runner) == [b"True"]


async def test_no_signal_is_ignored_or_blocked(runner_of: RunnerOf) -> None:
    runner = await runner_of(STATUS)
    assert await masks(runner) == [0, 0]


@pytest.fixture(params=["SIGQUIT", "SIGUSR1", "SIGHUP", "SIGTERM", "SIGCHLD", "SIGPIPE"])
def number(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    """A signal whose handling here is put back afterwards."""
    number = signal.Signals[request.param]
    before = signal.getsignal(number)
    yield number
    signal.signal(number, before)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})


async def test_what_the_server_ignores_its_jobs_do_not(runner_of: RunnerOf, number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    runner = await runner_of(STATUS)
    assert await masks(runner) == [0, 0]


async def test_what_the_server_blocks_its_jobs_do_not(runner_of: RunnerOf, number: signal.Signals) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    runner = await runner_of(STATUS)
    assert await masks(runner) == [0, 0]


@pytest.mark.parametrize("number", ["SIGCHLD"], indirect=True)
async def test_jobs_end_although_the_server_ignores_sigchld(runner_of: RunnerOf, number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    runner = await runner_of(command("fail", "false"))
    jobs = [await start_job(runner, "fail") for _ in range(50)]
    ends = [await end_of(runner, job) for job in jobs]
    assert {(end.outcome, end.exit_code) for end in ends} == {(Outcome.FAILED, 1)}
