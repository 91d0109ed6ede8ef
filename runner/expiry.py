"""Decides whose output goes: finished jobs that nobody reads, and the oldest when all together are too much.

Moments are seconds of the monotonic clock and come as arguments: a clock set back or forward expires nothing. They
stand in the index, job by job, so this needs no more memory for more jobs. A running job cannot expire: it has none.
"""

from __future__ import annotations

from dataclasses import replace

from runner.errors import PinRefused
from runner.history import History
from runner.job import Finished, Job


class Expiry:
    """The rules for all finished output. ``idle`` is in seconds, ``total_bytes`` bounds all output together."""

    def __init__(self, history: History, idle: float, total_bytes: int) -> None:
        self._history = history
        self._idle = idle
        self._total_bytes = total_bytes
        self._stored = 0
        self._pinned = 0
        self._read: dict[str, float] = {}

    async def open(self, now: float, wall_now: float) -> None:
        """Start the clock of all output again; what was to be kept longer still is."""
        self._stored, self._pinned = await self._history.begin_expiry(now + self._idle, now - wall_now)

    def begin(self, end: Finished, size: int, now: float) -> Finished:
        """The end of a job that has just finished and whose output takes ``size`` bytes."""
        self._stored += size
        return replace(end, kept_until=now + self._idle, stored_bytes=size)

    def kept_until(self, job: Job) -> float:
        """Until when its output is kept, unless it is pinned; 0 if it is not finished or its output is gone."""
        known = job.finished and job.finished.kept_until
        return max(known, self._read.get(job.id, 0.0)) if known else 0.0

    def read(self, job: Job, now: float) -> None:
        """Lines of it were delivered to somebody: its clock starts again."""
        if job.finished:
            self._read[job.id] = now + self._idle

    def keep_longer(self, job: Job, end: Finished, now: float) -> Finished:
        """Somebody asked for more time: once more ``idle`` seconds on top of what is left."""
        return replace(end, kept_until=max(self.kept_until(job), now) + self._idle)

    def pin(self, end: Finished, pinned: bool, now: float) -> Finished:
        """Keep it until it is unpinned, which starts its clock again.

        Raises PinRefused if pinned output would take over half of the room.
        """
        if end.pinned == pinned:
            return end
        limit = self._total_bytes // 2
        if pinned and self._pinned + end.stored_bytes > limit:
            raise PinRefused(limit)
        self._pinned += end.stored_bytes if pinned else -end.stored_bytes
        return replace(end, pinned=pinned, kept_until=max(end.kept_until or 0.0, now + self._idle))

    def gone(self, size: int) -> None:
        """Output of so many bytes, which was not pinned, is deleted."""
        self._stored -= size

    async def overdue(self, now: float) -> list[str]:
        """The jobs whose output nobody has read for long enough."""
        if read := dict(self._read):
            await self._history.keep(read)
            # Only now: if the index could not be written, they are still known.
            self._read = {job_id: until for job_id, until in self._read.items() if until != read.get(job_id)}
        return await self._history.overdue(now)

    async def too_much(self, running_bytes: int) -> list[str]:
        """The jobs whose output goes to make room, given the bytes that running jobs take."""
        excess = self._stored + running_bytes - self._total_bytes
        return await self._history.oldest(excess) if excess > 0 else []
