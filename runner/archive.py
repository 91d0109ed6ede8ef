"""Finished jobs: found again for readers, kept for as long as they are read or pinned, and then expired."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from runner.errors import OutputExpired
from runner.expiry import Expiry
from runner.folder import JobFolder
from runner.history import History
from runner.job import Finished, Job
from runner.live import LiveJob
from runner.settings import Settings
from runner.spool import Spool

_IN_MEMORY = 64
_PRUNE_EVERY_S = 600.0
_CLOCK_WAS_SET_S = 0.5


class Archive:
    """All finished jobs of a data folder. Their index stays in memory for the newest, on disk for the others.

    ``on_change`` is called with each job that was pinned, is to be kept longer, or has expired.
    """

    def __init__(
        self, jobs: Path, history: History, settings: Settings, on_change: Callable[[Job], None] = lambda _: None
    ) -> None:
        self._jobs = jobs
        self._history = history
        self._on_change = on_change
        self._expiry = Expiry(history, settings.output.idle_expiry, settings.output.total_bytes)
        self._keep_records = settings.history.keep
        self._recent: OrderedDict[str, LiveJob] = OrderedDict()
        self._prune_at = 0.0
        self._offset = 0.0

    async def open(self) -> None:
        """Start the clock of all output again: nobody could read it while there was no server."""
        await self._expiry.open(time.monotonic(), time.time())

    def add(self, live: LiveJob) -> None:
        """Take a job that has just finished."""
        end = live.job.finished
        if end is not None:
            size = JobFolder(self._jobs, live.job.id).size()
            live.job = self.stamped(live.job.became(self._expiry.begin(end, size, time.monotonic())))
        self._remember(live)

    async def find(self, job_id: str) -> LiveJob | None:
        """A finished job, or None if there is none of this id."""
        known = self._recent.get(job_id)
        if known is None:
            job = await self._history.get(job_id)
            if job is None or job.finished is None:
                return None
            spool = Spool(self._jobs / job_id)
            spool.refresh()
            known = self._remember(LiveJob(job, spool))
        known.job = self.stamped(known.job)
        return known

    def stamped(self, job: Job) -> Job:
        """The job with what is known now of its output's expiry."""
        end, until = job.finished, self._expiry.kept_until(job)
        if end is None or not until:
            return job
        expires_at = None if end.pinned else until + self._wall_clock_offset()
        return job.became(replace(end, kept_until=until, expires_at=expires_at))

    def forgets(self, job: Job) -> bool:
        """Whether the job ended so long ago that its record goes, or went, unless it is pinned."""
        end = job.finished
        return end is not None and not end.pinned and end.ended_at < time.time() - self._keep_records

    def delivered(self, live: LiveJob) -> None:
        """Lines of a job were handed to a reader."""
        self._expiry.read(live.job, time.monotonic())
        live.job = self.stamped(live.job)

    def keep_longer(self, live: LiveJob) -> None:
        """Keep its output for one idle time more. Raises OutputExpired."""
        self._change(live, self._expiry.keep_longer(live.job, _kept(live.job), time.monotonic()))

    def pin(self, live: LiveJob, pinned: bool) -> None:
        """Keep its output until it is unpinned. Raises OutputExpired, PinRefused."""
        self._change(live, self._expiry.pin(_kept(live.job), pinned, time.monotonic()))

    async def sweep(self, running_bytes: int) -> None:
        """Let go of what is due, given the bytes that running jobs take. To be called every second or so."""
        now = time.monotonic()
        for job_id in await self._expiry.overdue(now):
            await self._expire(job_id, now)
        for job_id in await self._expiry.too_much(running_bytes):
            await self._expire(job_id, math.inf)
        if now >= self._prune_at:
            self._prune_at = now + _PRUNE_EVERY_S
            for job_id, size in await self._history.prune(time.time() - self._keep_records):
                await self._drop_output(job_id, size)

    async def _expire(self, job_id: str, now: float) -> None:
        """Delete its output, unless it was pinned or read since it was found to be due."""
        live = await self.find(job_id)
        end = live.job.finished if live else None
        if live is None or end is None or end.pinned or self._expiry.kept_until(live.job) > now:
            return
        # Said first, deleted after: nobody is shown half of it.
        before = live.job
        expired = replace(end, expires_at=None, kept_until=None, stored_bytes=0, expired_at=time.time())
        live.job = before.became(expired)
        try:
            await self._history.put(live.job)
        except sqlite3.Error:
            live.job = before  # it was not said: all of it is tried again
            raise
        self._on_change(live.job)
        await self._drop_output(job_id, end.stored_bytes)

    async def _drop_output(self, job_id: str, size: int) -> None:
        self._expiry.gone(size)
        self._recent.pop(job_id, None)
        await asyncio.to_thread(JobFolder(self._jobs, job_id).remove)

    def _wall_clock_offset(self) -> float:
        """Wall clock less monotonic clock, the same each time unless the wall clock was set."""
        offset = time.time() - time.monotonic()
        if abs(offset - self._offset) > _CLOCK_WAS_SET_S:
            self._offset = offset
        return self._offset

    def _change(self, live: LiveJob, end: Finished) -> None:
        live.job = self.stamped(live.job.became(end))
        self._history.put(live.job)
        self._on_change(live.job)

    def _remember(self, live: LiveJob) -> LiveJob:
        known = self._recent.setdefault(live.job.id, live)
        self._recent.move_to_end(live.job.id)
        if len(self._recent) > _IN_MEMORY:
            self._recent.popitem(last=False)
        return known


def _kept(job: Job) -> Finished:
    """The end of a job whose output is still there. Raises OutputExpired."""
    end = job.finished
    if end is None or end.expired_at is not None:
        raise OutputExpired(job.id)
    return end
