"""Runner: what pages, API and command line all call."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping

from runner import recovery
from runner.archive import Archive
from runner.catalogue import Command, OnServerExit
from runner.doorbell import Doorbell
from runner.errors import DataInUse, OutputExpired, ShuttingDown, UnknownCommand, UnknownJob
from runner.folder import take_lock
from runner.history import History
from runner.job import Job, JobPage, Queued, Visible, is_id, new_id
from runner.lines import Gap, Stream
from runner.live import LiveJob, Reading
from runner.scheduler import LOOK_EVERY_S, Scheduler
from runner.settings import Settings
from runner.spool import LogPlace

__all__ = ["Reading", "Runner"]

_LOG_BYTES = 256 * 1024

log = logging.getLogger("linefeed")


class Runner:
    """Starts, queues, follows and stops jobs. One per data folder; every method on the event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        data = settings.server.data.absolute()
        self._data = data
        self._jobs = data / "jobs"
        self._history = History(data / "history.sqlite3")
        self._archive = Archive(self._jobs, self._history, settings, self._renew_latest)
        self._scheduler = Scheduler(self._jobs, settings, self._index, self._on_finish)
        self._doorbell = Doorbell(data, self._scheduler.look)
        self._latest: dict[str, Job] = {}
        self._lock: int | None = None
        self._housekeeping: asyncio.Task[None] | None = None
        self._closing = False
        self._leaving = False

    @property
    def commands(self) -> Mapping[str, Command]:
        """The catalogue, by name, in the file's order."""
        return self.settings.commands

    @property
    def leaving(self) -> bool:
        """Whether the server ends: nobody waits for anything any more."""
        return self._leaving

    async def open(self) -> None:
        """Make the data folder ready and every record in it true; must be awaited before anything else.

        Raises DataInUse, OSError, sqlite3.Error.
        """
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = take_lock(self._data / "lock")
        if self._lock is None:
            raise DataInUse(str(self._data))
        self._jobs.mkdir(mode=0o700, exist_ok=True)
        await self._history.open()
        found = await recovery.recover(self._jobs, self._history)
        await self._archive.open()
        self._doorbell.open()
        await self._scheduler.take_over(found.running, found.waiting)
        self._latest = {job.command: job for job in await self._history.latest() if job.command in self.commands}
        self._housekeeping = asyncio.get_running_loop().create_task(self._keep_house())

    async def leave(self) -> None:
        """End every job (their grace applies) but those that outlive the server; answer every waiting reader.

        Starts are refused from now on, and nobody waits any more; reading is answered until ``close``.
        """
        self._closing = True
        await self._scheduler.close()
        self._leaving = True

    async def close(self) -> None:
        """Leave, if that was not done, and release everything; nothing may be asked afterwards."""
        if not self._leaving:
            await self.leave()
        if self._housekeeping:
            self._housekeeping.cancel()
            await asyncio.gather(self._housekeeping, return_exceptions=True)
        self._doorbell.close()
        await self._history.close()
        if self._lock is not None:
            os.close(self._lock)

    async def start(
        self,
        command: str,
        values: Mapping[str, object],
        owner: str = "",
        approve: Callable[[Job], None] | None = None,
    ) -> Job:
        """Start or queue a job. Raises UnknownCommand, BadParameters, QueueFull, ShuttingDown, StartFailed.

        ``owner`` is who asks for it. ``approve`` is called with the job when everything about it is known to be
        right and nothing of it has been done; if it raises, nothing is done, and the exception passes through.
        After it only StartFailed can be raised.
        """
        if self._closing:
            raise ShuttingDown
        entry = self.commands.get(command)
        if entry is None:
            raise UnknownCommand(command)
        asked = entry.build(values)
        job = Job(
            new_id(),
            entry.name,
            entry.title,
            asked.argv,
            asked.parameters,
            time.time(),
            Queued(0),
            keep=entry.on_server_exit is OnServerExit.KEEP,
            queued_clock=time.monotonic(),
            owner=owner,
        )
        # Nothing awaits from here on, so there is still room for what was approved.
        self._scheduler.check_room(entry)
        if approve is not None:
            approve(job)
        live = self._scheduler.add(job, entry)
        self._latest[job.command] = live.job
        self._index(live.job)
        return live.job

    async def job(self, job_id: str) -> Job:
        """The job as it stands. Raises UnknownJob (also for anything that is no id)."""
        return (await self._find(job_id)).job

    async def jobs(
        self,
        state: str | None = None,
        command: str | None = None,
        limit: int = 50,
        before: str | None = None,
        visible: Visible | None = None,
    ) -> JobPage:
        """Jobs newest first, of those that are ``visible`` (None: all); ``before`` is the id of one of them.

        Raises UnknownJob if ``before`` is no such job.
        """
        if before is not None and not _is_visible(await self.job(before), visible):
            raise UnknownJob(before)
        page = await self._history.page(state, command, limit, before, visible)
        return JobPage(tuple(self._now(job) for job in page.jobs), page.next)

    async def latest(self, command: str, visible: Visible | None = None) -> Job | None:
        """The newest job of a command, of those that are ``visible`` (None: all); None if there is none."""
        if visible is not None and visible.commands is not None and command not in visible.commands:
            found = await self.jobs(command=command, limit=1, visible=visible)
            return found.jobs[0] if found.jobs else None
        job = self._latest.get(command)
        return None if job is None or self._archive.forgets(job) else self._now(job)

    async def some(self, job_ids: Collection[str], visible: Visible | None = None) -> tuple[Job, ...]:
        """Those of the jobs that there are and are ``visible``, newest first; what is no id is left out."""
        found = await self._history.some([job_id for job_id in job_ids if is_id(job_id)])
        return tuple(self._now(job) for job in found if _is_visible(job, visible))

    async def lines(
        self, job_id: str, after: int, limit: int = 1000, wait: float = 0.0, seen: int | None = None
    ) -> Reading:
        """The lines after a cursor; waits up to ``wait`` seconds for some.

        Returns early when there are lines, when the job is finished, when ``seen`` is given and is
        not the revision, or when the server is leaving. Raises UnknownJob, BadCursor, OutputExpired.
        """
        live = await self._readable(job_id)
        give_up_at = time.monotonic() + wait
        while True:
            reading = self._read(live, after, limit)
            left = give_up_at - time.monotonic()
            news = reading.slice.next > after or reading.job.finished or seen not in (None, reading.revision)
            if news or left <= 0 or self._leaving:
                return reading
            await live.wait_for_change(left)

    async def stop(self, job_id: str, force: bool = False) -> Job:
        """Ask a job to end (``force``: SIGKILL at once). A finished job stays as it is. Raises UnknownJob."""
        live = await self._find(job_id)
        if not live.job.finished:
            self._scheduler.stop(live, force)
        return live.job

    async def keep_longer(self, job_id: str) -> Job:
        """Keep a finished job's output for another ``idle_expiry``. Raises UnknownJob, OutputExpired."""
        live = await self._readable(job_id)
        if live.job.finished:
            self._archive.keep_longer(live)
        return live.job

    async def pin(self, job_id: str, pinned: bool) -> Job:
        """Keep a finished job's output until it is unpinned. Raises UnknownJob, OutputExpired, PinRefused."""
        live = await self._readable(job_id)
        if live.job.finished:
            self._archive.pin(live, pinned)
        return live.job

    async def log(self, job_id: str, stream: Stream | None = None, follow: bool = False) -> AsyncIterator[bytes | Gap]:
        """The raw output as an iterator; with ``follow`` until the job ends. Raises UnknownJob, OutputExpired."""
        return self._read_log(await self._readable(job_id), stream, follow)

    async def _read_log(self, live: LiveJob, stream: Stream | None, follow: bool) -> AsyncIterator[bytes | Gap]:
        place = LogPlace()
        live.refresh()
        while True:
            # Asked before the read: what was written before the end is then read for certain.
            over = live.job.finished is not None
            before = place
            try:
                place, parts = live.spool.read_log(place, stream, _LOG_BYTES)
            except FileNotFoundError:  # it expired on the way
                return
            for part in parts:
                yield part
            if place != before:
                self._archive.delivered(live)
                continue
            if over or not follow or self._leaving:
                return
            await live.wait_for_change(LOOK_EVERY_S)

    def _read(self, live: LiveJob, after: int, limit: int) -> Reading:
        try:
            reading = live.read(after, limit)
        except FileNotFoundError:
            raise OutputExpired(live.job.id) from None
        if reading.slice.runs:
            self._archive.delivered(live)
        return reading

    async def _find(self, job_id: str) -> LiveJob:
        live = self._scheduler.find(job_id)
        if live is None and is_id(job_id):
            live = await self._archive.find(job_id)
        if live is None:
            raise UnknownJob(job_id)
        return live

    async def _readable(self, job_id: str) -> LiveJob:
        live = await self._find(job_id)
        end = live.job.finished
        if end is not None and end.expired_at is not None:
            raise OutputExpired(job_id)
        return live

    def _now(self, job: Job) -> Job:
        """A job of the index as it stands now."""
        live = self._scheduler.find(job.id)
        return live.job if live else self._archive.stamped(job)

    def _on_finish(self, live: LiveJob) -> None:
        self._archive.add(live)
        self._index(live.job)

    def _renew_latest(self, job: Job) -> None:
        known = self._latest.get(job.command)
        if known is not None and known.id == job.id:
            self._latest[job.command] = job

    def _index(self, job: Job) -> None:
        self._renew_latest(job)
        self._history.put(job).add_done_callback(_log_failure)

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                self._scheduler.look_around()
                await self._archive.sweep(self._scheduler.stored_bytes)
            except (OSError, sqlite3.Error):
                log.exception("Looking after the jobs failed; it is tried again")


def _is_visible(job: Job, visible: Visible | None) -> bool:
    return visible is None or visible.includes(job)


def _log_failure(written: asyncio.Future[None]) -> None:
    """The index could not be written. The job goes on: its folder has all of it."""
    if not written.cancelled() and written.exception():
        log.error("The history could not be written", exc_info=written.exception())
