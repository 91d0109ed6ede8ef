"""Who asked for a job, from the start to every place where it is read again; and who is asked before the start."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from runner.catalogue import IntegerParameter, OnServerExit
from runner.errors import BadParameters, QueueFull, ShuttingDown, StartFailed, UnknownCommand
from runner.history import History
from runner.job import Job, Queued, Running
from runner.rows import STEPS
from runner.service import Runner
from runner.settings import PoolSettings
from tests.core.conftest import RunnerOf
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of
from tests.support.waiting import until

OWNER = "Ann Ä “%'"
ECHO = command("echo", "echo", "{count}", parameters=(IntegerParameter(name="count", label="Count", required=True),))
WAIT = command("wait", "sleep", "600", stop_grace=1.0)
KEPT = command("kept", "sleep", "600", stop_grace=1.0, on_server_exit=OnServerExit.KEEP)
ONE_AND_NO_QUEUE = PoolSettings(running=1, queue=0)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Runner]:
    """A Runner on the data folder in ``folder``, with one slot."""
    runner = Runner(settings_of(folder, ECHO, WAIT, KEPT, pool=PoolSettings(running=1, queue=10)))
    await runner.open()
    try:
        yield runner
    finally:
        await runner.close()


async def owners(runner: Runner, *jobs: Job) -> set[str]:
    """Every owner that anything says these jobs have."""
    listed = {each.id: each for each in (await runner.jobs()).jobs}
    return {found.owner for job in jobs for found in (await runner.job(job.id), listed[job.id])}


async def is_running(runner: Runner, job: Job) -> bool:
    """Whether its shim has said that it runs."""
    found = await runner.job(job.id)
    return isinstance(found.state, Running) and found.state.started_clock is not None


async def test_a_job_has_the_owner_who_asked_for_it(runner_of: RunnerOf) -> None:
    runner = await runner_of(WAIT, ECHO)
    mine, nobodys = await runner.start("wait", {}, OWNER), await runner.start("echo", {"count": 1})
    assert (await owners(runner, mine), await owners(runner, nobodys)) == ({OWNER}, {""})
    await runner.stop(mine.id, force=True)
    await end_of(runner, mine)
    assert await owners(runner, mine) == {OWNER}


async def test_the_next_runner_knows_the_owner(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        jobs = [await first.start("wait", {}, OWNER) for _ in range(2)]
    async with opened(tmp_path) as second:
        assert await owners(second, *jobs) == {OWNER}


@pytest.mark.parametrize("with_index", [True, False])
async def test_a_job_that_is_adopted_or_queued_again_has_its_owner(tmp_path: Path, with_index: bool) -> None:
    async with opened(tmp_path) as first:
        running, waiting = [await first.start("kept", {}, OWNER) for _ in range(2)]
        await until(lambda: is_running(first, running))
    if not with_index:
        (tmp_path / "data" / "history.sqlite3").unlink()
    async with opened(tmp_path) as second:
        try:
            assert isinstance((await second.job(running.id)).state, Running)
            assert (await second.job(waiting.id)).state == Queued(1)
            assert await owners(second, running, waiting) == {OWNER}
            assert [each.id for each in (await second.jobs("running")).jobs] == [running.id]
        finally:
            for job in (waiting, running):
                await second.stop(job.id, force=True)
                await end_of(second, job)


async def test_an_index_made_anew_has_the_owners_of_the_folders(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        job = await first.start("echo", {"count": 1}, OWNER)
        await end_of(first, job)
    (tmp_path / "data" / "history.sqlite3").unlink()
    async with opened(tmp_path) as second:
        assert await owners(second, job) == {OWNER}


async def test_a_folder_that_names_no_owner_is_nobodys(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        job = await first.start("echo", {"count": 1}, OWNER)
        await end_of(first, job)
    (tmp_path / "data" / "history.sqlite3").unlink()
    asked = tmp_path / "data" / "jobs" / job.id / "job.json"
    asked.write_text(json.dumps({key: value for key, value in json.loads(asked.read_text()).items() if key != "owner"}))
    async with opened(tmp_path) as second:
        assert await owners(second, job) == {""}


@pytest.mark.parametrize("version", [1, 2])
async def test_an_index_without_owners_is_taken_over(tmp_path: Path, version: int) -> None:
    with closing(sqlite3.connect(tmp_path / "file")) as old:
        old.executescript("".join(STEPS[:version]) + f"PRAGMA user_version = {version};")
        old.execute(
            "INSERT INTO jobs (id, command, title, argv, parameters, queued_at, state)"
            " VALUES ('a', 'list', '', '[]', '{}', 1, 'queued')"
        )
        old.commit()
    history = History(tmp_path / "file")
    await history.open()
    found = await history.get("a")
    await history.close()
    assert found
    assert found.owner == ""


async def test_an_owner_that_cannot_be_written_down_takes_no_slot(runner_of: RunnerOf) -> None:
    runner = await runner_of(ECHO, pool=ONE_AND_NO_QUEUE)
    with pytest.raises(UnicodeEncodeError):
        await runner.start("echo", {"count": 1}, "\udcff")
    await end_of(runner, await runner.start("echo", {"count": 1}, OWNER))
    assert len((await runner.jobs()).jobs) == 1


class Asked:
    """Approves, or refuses with ``error``, and remembers the jobs and what was there when it was asked."""

    def __init__(self, jobs: Path, error: Exception | None = None) -> None:
        self._folder = jobs
        self._error = error
        self.jobs: list[Job] = []
        self.folders: list[list[Path]] = []

    def __call__(self, job: Job) -> None:
        self.jobs.append(job)
        self.folders.append(list(self._folder.iterdir()))
        if self._error:
            raise self._error


AskedOf = Callable[..., Asked]


@pytest.fixture
def asked_of(tmp_path: Path) -> AskedOf:
    """``asked_of(error)``: an ``Asked`` for the Runner in this folder."""
    return lambda error=None: Asked(tmp_path / "data" / "jobs", error)


async def test_approval_sees_the_job_before_anything_is_done(runner_of: RunnerOf, asked_of: AskedOf) -> None:
    runner, approve = await runner_of(ECHO), asked_of()
    started = await runner.start("echo", {"count": "7"}, OWNER, approve)
    (asked,) = approve.jobs
    assert approve.folders == [[]]
    assert (asked.id, asked.argv, asked.parameters) == (started.id, ("echo", "7"), {"count": 7})
    assert (asked.command, asked.owner, asked.state) == ("echo", OWNER, Queued(0))


async def test_what_is_not_approved_is_not_started(runner_of: RunnerOf, asked_of: AskedOf, tmp_path: Path) -> None:
    runner = await runner_of(ECHO, pool=ONE_AND_NO_QUEUE)
    refusal = OSError("the disk is full")
    with pytest.raises(OSError, match="the disk is full") as refused:
        await runner.start("echo", {"count": 1}, OWNER, asked_of(refusal))
    assert refused.value is refusal
    assert (await runner.jobs()).jobs == ()
    assert not list((tmp_path / "data" / "jobs").iterdir())
    await end_of(runner, await runner.start("echo", {"count": 1}, OWNER, asked_of()))


@pytest.mark.parametrize(
    ("name", "values", "error"),
    [
        ("none", {}, UnknownCommand),
        ("echo", {}, BadParameters),
        ("echo", {"count": "x"}, BadParameters),
        ("echo", {"count": 1}, QueueFull),
        ("wait", {}, QueueFull),
    ],
)
async def test_nobody_is_asked_about_what_is_refused_anyway(
    runner_of: RunnerOf, asked_of: AskedOf, name: str, values: dict[str, object], error: type[Exception]
) -> None:
    runner, approve = await runner_of(ECHO, WAIT, pool=ONE_AND_NO_QUEUE), asked_of()
    await runner.start("wait", {})
    with pytest.raises(error):
        await runner.start(name, values, OWNER, approve)
    assert approve.jobs == []


async def test_nobody_is_asked_by_a_runner_that_leaves(runner_of: RunnerOf, asked_of: AskedOf) -> None:
    runner, approve = await runner_of(ECHO), asked_of()
    await runner.leave()
    with pytest.raises(ShuttingDown):
        await runner.start("echo", {"count": 1}, OWNER, approve)
    assert approve.jobs == []


async def test_a_folder_that_cannot_be_made_is_known_after_the_approval(
    runner_of: RunnerOf, asked_of: AskedOf, tmp_path: Path
) -> None:
    runner, approve = await runner_of(ECHO, pool=ONE_AND_NO_QUEUE), asked_of()
    jobs = tmp_path / "data" / "jobs"

    def approve_and_spoil(job: Job) -> None:
        approve(job)
        jobs.rename(tmp_path / "moved")

    with pytest.raises(StartFailed):
        await runner.start("echo", {"count": 1}, OWNER, approve_and_spoil)
    (tmp_path / "moved").rename(jobs)
    assert len(approve.jobs) == 1
    await end_of(runner, await runner.start("echo", {"count": 1}, OWNER, approve))
