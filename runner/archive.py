"""Finished jobs: found again for readers, kept for as long as they are read or pinned, and then expired."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
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
    """All finished jobs of a data folder. Their index stays in memory for the newest, on disk for the others."""

    def __init__(self, jobs: Path, history: History, settings: Settings) -> None:
        self._jobs = jobs
        self._history = history
        self._expiry = Expiry(settings.output.idle_expiry, settings.output.total_bytes)
        self._keep_records = settings.history.keep
        self._recent: OrderedDict[str, LiveJob] = OrderedDict()
        self._prune_at = 0.0
        self._offset = 0.0

    async def open(self) -> None:
        """Learn what output there is. A restart starts its clock again."""
        for job in await self._history.with_output():
            self._watch(job)

    def add(self, live: LiveJob) -> None:
        """Take a job that has just finished."""
        self._watch(live.job)
        live.job = self.stamped(live.job)
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
        kept, end = self._expiry.find(job.id), job.finished
        if kept is None or end is None:
            return job
        expires_at = None if kept.pinned else kept.until + self._wall_clock_offset()
        return job.became(replace(end, expires_at=expires_at, pinned=kept.pinned))

    def delivered(self, job_id: str) -> None:
        """Lines of a job were handed to a reader."""
        self._expiry.read(job_id, time.monotonic())

    def keep_longer(self, live: LiveJob) -> None:
        """Keep its output for one idle time more. Raises OutputExpired."""
        _refuse_expired(live.job)
        self._expiry.keep_longer(live.job.id, time.monotonic())
        self._changed(live)

    def pin(self, live: LiveJob, pinned: bool) -> None:
        """Keep its output until it is unpinned. Raises OutputExpired, PinRefused."""
        _refuse_expired(live.job)
        self._expiry.pin(live.job.id, pinned)
        if not pinned:
            self._expiry.read(live.job.id, time.monotonic())
        self._changed(live)

    async def sweep(self, running_bytes: int) -> None:
        """Let go of what is due, given the bytes that running jobs take. To be called every second or so."""
        for job_id in self._expiry.due(time.monotonic(), running_bytes):
            await self._expire(job_id)
        if time.monotonic() >= self._prune_at:
            self._prune_at = time.monotonic() + _PRUNE_EVERY_S
            for job_id in await self._history.prune(time.time() - self._keep_records):
                await self._drop_output(job_id)

    async def _expire(self, job_id: str) -> None:
        live = await self.find(job_id)
        if live is None:
            self._expiry.remove(job_id)
        elif (end := live.job.finished) is not None:
            # Said first, deleted after: nobody is shown half of it.
            live.job = live.job.became(replace(end, expires_at=None, expired_at=time.time()))
            await self._history.put(live.job)
            await self._drop_output(job_id)

    async def _drop_output(self, job_id: str) -> None:
        self._expiry.remove(job_id)
        self._recent.pop(job_id, None)
        await asyncio.to_thread(JobFolder(self._jobs, job_id).remove)

    def _watch(self, job: Job) -> None:
        end = job.finished
        if end is not None and end.expired_at is None:
            wanted = (end.expires_at or 0.0) - time.time()
            size = JobFolder(self._jobs, job.id).size()
            self._expiry.add(job.id, size, time.monotonic(), at_least=wanted, pinned=end.pinned)

    def _wall_clock_offset(self) -> float:
        """Wall clock less monotonic clock, the same each time unless the wall clock was set."""
        offset = time.time() - time.monotonic()
        if abs(offset - self._offset) > _CLOCK_WAS_SET_S:
            self._offset = offset
        return self._offset

    def _changed(self, live: LiveJob) -> None:
        live.job = self.stamped(live.job)
        self._history.put(live.job)

    def _remember(self, live: LiveJob) -> LiveJob:
        known = self._recent.setdefault(live.job.id, live)
        self._recent.move_to_end(live.job.id)
        if len(self._recent) > _IN_MEMORY:
            self._recent.popitem(last=False)
        return known


def _refuse_expired(job: Job) -> None:
    end: Finished | None = job.finished
    if end is None or end.expired_at is not None:
        raise OutputExpired(job.id)
