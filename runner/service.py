"""Runner: what pages, API and command line all call."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Coroutine, Mapping

from runner import doorbell, endings, recovery
from runner.catalogue import Command
from runner.errors import OutputExpired, ShuttingDown, StartFailed, UnknownCommand, UnknownJob
from runner.folder import JobFolder
from runner.history import History
from runner.job import Finished, Job, JobPage, Outcome, Queued, Running, Stopping, is_id, new_id
from runner.lines import Gap, Stream
from runner.live import LiveJob, Reading
from runner.pool import Place, Pool
from runner.process import MARKER, ShimProcess, end_leftovers
from runner.settings import Settings
from runner.shim.launch import Launch
from runner.spool import LogPlace, Spool

__all__ = ["Reading", "Runner"]

_LOG_BYTES = 256 * 1024
_LOOK_EVERY_S = 1.0
_FINISHED_IN_MEMORY = 64

log = logging.getLogger("linefeed")


class Runner:
    """Starts, queues, follows and stops jobs. One per data folder; every method on the event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        data = settings.server.data.absolute()
        self._data = data
        self._jobs = data / "jobs"
        self._history = History(data / "history.sqlite3")
        self._doorbell = doorbell.Doorbell(data, self._on_ring)
        self._pool = Pool(settings.pool.running, settings.pool.queue)
        self._live: dict[str, LiveJob] = {}
        self._finished: OrderedDict[str, LiveJob] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False

    @property
    def commands(self) -> Mapping[str, Command]:
        """The catalogue, by name, in the file's order."""
        return self.settings.commands

    async def open(self) -> None:
        """Make the data folder ready; must be awaited before anything else. Raises OSError, sqlite3.Error."""
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._jobs.mkdir(mode=0o700, exist_ok=True)
        await self._history.open()
        await recovery.recover(self._jobs, self._history)
        self._doorbell.open()
        self._spawn_task(self._look_around())

    async def close(self) -> None:
        """End every job (their grace applies), which answers every waiting reader; release everything."""
        self._closing = True
        for job_id in self._pool.waiting:
            self._finish(self._live[job_id], endings.stopped_in_queue(time.time(), by_server=True))
        for live in list(self._live.values()):
            self._ask_to_stop(live, force=False)
        await self._idle.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._doorbell.close()
        await self._history.close()

    async def start(self, command: str, values: Mapping[str, object]) -> Job:
        """Start or queue a job. Raises UnknownCommand, BadParameters, QueueFull, ShuttingDown, StartFailed."""
        if self._closing:
            raise ShuttingDown
        entry = self.commands.get(command)
        if entry is None:
            raise UnknownCommand(command)
        asked = entry.build(values)
        job = Job(new_id(), entry.name, entry.title, asked.argv, asked.parameters, time.time(), Queued(0))
        self._pool.add(job.id, Place(entry.name, entry.running))
        try:
            JobFolder(self._jobs, job.id).make(job)
        except OSError as error:
            self._pool.remove(job.id)
            raise StartFailed(os.strerror(error.errno or 0)) from error
        live = LiveJob(job, Spool(self._jobs / job.id))
        self._live[job.id] = live
        self._idle.clear()
        self._start_next()
        self._index(live.job)
        return live.job

    async def job(self, job_id: str) -> Job:
        """The job as it stands. Raises UnknownJob (also for anything that is no id)."""
        return (await self._find(job_id)).job

    async def jobs(
        self, state: str | None = None, command: str | None = None, limit: int = 50, before: str | None = None
    ) -> JobPage:
        """Jobs newest first; ``before`` is a job id. Raises UnknownJob if there is none such."""
        if before is not None:
            await self._find(before)
        page = await self._history.page(state, command, limit, before)
        now = (self._live[job.id].job if job.id in self._live else job for job in page.jobs)
        return JobPage(tuple(now), page.next)

    async def lines(
        self, job_id: str, after: int, limit: int = 1000, wait: float = 0.0, seen: int | None = None
    ) -> Reading:
        """The lines after a cursor; waits up to ``wait`` seconds for some.

        Returns early when there are lines, when the job is finished, or when ``seen`` is given and is
        not the revision. Raises UnknownJob, BadCursor.
        """
        live = await self._find(job_id)
        give_up_at = time.monotonic() + wait
        while True:
            reading = live.read(after, limit)
            left = give_up_at - time.monotonic()
            news = reading.slice.runs or reading.job.finished or seen not in (None, reading.revision)
            if news or left <= 0:
                return reading
            await live.wait_for_change(left)

    async def stop(self, job_id: str, force: bool = False) -> Job:
        """Ask a job to end (``force``: SIGKILL at once). A finished job stays as it is. Raises UnknownJob."""
        live = await self._find(job_id)
        if isinstance(live.job.state, Queued):
            self._finish(live, endings.stopped_in_queue(time.time(), by_server=False))
        else:
            self._ask_to_stop(live, force)
        return live.job

    async def keep_longer(self, job_id: str) -> Job:
        """Keep a finished job's output for another ``idle_expiry``. Raises UnknownJob, OutputExpired."""
        raise OutputExpired(job_id)

    async def pin(self, job_id: str, pinned: bool) -> Job:
        """Keep a finished job's output until it is unpinned. Raises UnknownJob, OutputExpired, PinRefused."""
        raise OutputExpired(job_id)

    async def log(self, job_id: str, stream: Stream | None = None, follow: bool = False) -> AsyncIterator[bytes | Gap]:
        """The raw output as an iterator; with ``follow`` until the job ends. Raises UnknownJob."""
        return self._read_log(await self._find(job_id), stream, follow)

    async def _read_log(self, live: LiveJob, stream: Stream | None, follow: bool) -> AsyncIterator[bytes | Gap]:
        place = LogPlace()
        live.refresh()
        while True:
            # Asked before the read: what was written before the end is then read for certain.
            over = live.job.finished is not None
            before = place
            place, parts = live.spool.read_log(place, stream, _LOG_BYTES)
            for part in parts:
                yield part
            if place != before:
                continue
            if over or not follow:
                return
            await live.wait_for_change(_LOOK_EVERY_S)

    async def _find(self, job_id: str) -> LiveJob:
        live = self._live.get(job_id) or self._finished.get(job_id)
        if live is not None:
            return live
        job = await self._history.get(job_id) if is_id(job_id) else None
        if job is None:
            raise UnknownJob(job_id)
        return self._remember(LiveJob(job, _opened(Spool(self._jobs / job_id))))

    def _remember(self, live: LiveJob) -> LiveJob:
        """Keep a finished job's index for its next reader; the least recently finished goes."""
        known = self._finished.setdefault(live.job.id, live)
        if len(self._finished) > _FINISHED_IN_MEMORY:
            self._finished.popitem(last=False)
        return known

    def _start_next(self) -> None:
        """Start whatever has a slot now, and tell the others their positions."""
        for job_id in self._pool.take():
            self._launch(self._live[job_id])
        for position, job_id in enumerate(self._pool.waiting, 1):
            live = self._live[job_id]
            if live.job.state != Queued(position):
                live.become(Queued(position))

    def _launch(self, live: LiveJob) -> None:
        try:
            live.shim = ShimProcess(
                JobFolder(self._jobs, live.job.id), self._order(live.job), lambda: self._on_exit(live)
            )
        except OSError as error:
            self._finish(live, endings.never_spawned(time.time(), error))
        else:
            live.become(Running(time.time()))
            self._index(live.job)

    def _order(self, job: Job) -> Launch:
        command = self.commands[job.command]
        output = self.settings.output
        return Launch(
            job_id=job.id,
            doorbell=f"../../{doorbell.NAME}",
            server=os.getpid(),
            argv=list(job.argv),
            env={**self.settings.environment, **command.env, MARKER: job.id},
            directory=command.directory or os.getcwd(),
            timeout=command.timeout,
            stop_grace=command.stop_grace,
            max_bytes=output.max_bytes,
            max_lines=output.max_lines,
        )

    def _ask_to_stop(self, live: LiveJob, force: bool) -> None:
        if live.shim is None:
            return
        live.shim.stop(force)
        if isinstance(live.job.state, Running):
            live.become(Stopping(live.job.state.started_at, Outcome.STOPPED))
            self._index(live.job)

    def _on_ring(self, job_id: str) -> None:
        live = self._live.get(job_id)
        if live is not None and live.refresh():
            self._index(live.job)

    def _on_exit(self, live: LiveJob) -> None:
        record = JobFolder(self._jobs, live.job.id).exit_record()
        if record is None:
            self._spawn_task(self._clean_up(live))
        else:
            self._finish(live, endings.finished(live.job, record))

    async def _clean_up(self, live: LiveJob) -> None:
        """The shim was killed: end what is left of the job before saying that it is over."""
        await asyncio.to_thread(end_leftovers, live.job.id)
        self._finish(live, endings.lost(live.job, time.time()))

    def _finish(self, live: LiveJob, end: Finished) -> None:
        live.shim = None
        live.become(end)
        del self._live[live.job.id]
        self._remember(live)
        self._index(live.job)
        self._pool.remove(live.job.id)
        if not self._closing:
            self._start_next()
        if not self._live:
            self._idle.set()

    def _index(self, job: Job) -> None:
        self._history.put(job).add_done_callback(_log_failure)

    async def _look_around(self) -> None:
        """The safety net under the doorbell: look at every running job once a second."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            for job_id in list(self._live):
                self._on_ring(job_id)

    def _spawn_task(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _opened(spool: Spool) -> Spool:
    spool.refresh()
    return spool


def _log_failure(written: asyncio.Future[None]) -> None:
    """The index could not be written. The job goes on: its folder has all of it."""
    if not written.cancelled() and written.exception():
        log.error("The history could not be written", exc_info=written.exception())
