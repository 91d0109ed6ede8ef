"""Decides whose output goes: finished jobs that nobody reads, and the oldest when all together are too much.

Pure: the clock is an argument, in seconds that only rise (a clock set back or forward expires nothing). A running
job is not in here, so it cannot expire.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from runner.errors import PinRefused


@dataclass(frozen=True, slots=True)
class Kept:
    """The output of one finished job: bytes on disk, and until when it is kept."""

    size: int
    until: float
    pinned: bool = False


class Expiry:
    """All finished output, oldest first. ``idle`` is in seconds, ``total_bytes`` bounds all output together."""

    def __init__(self, idle: float, total_bytes: int) -> None:
        self._idle = idle
        self._total_bytes = total_bytes
        self._kept: dict[str, Kept] = {}
        self._size = 0

    def add(self, job_id: str, size: int, now: float, *, at_least: float = 0.0, pinned: bool = False) -> None:
        """A job has finished: its output is kept ``idle`` seconds from now, or ``at_least`` seconds if that is more."""
        self.remove(job_id)
        self._kept[job_id] = Kept(size, now + max(self._idle, at_least), pinned)
        self._size += size

    def remove(self, job_id: str) -> None:
        """Its output is gone."""
        kept = self._kept.pop(job_id, None)
        self._size -= kept.size if kept else 0

    def find(self, job_id: str) -> Kept | None:
        """What is known of a job's output; None if it is running or its output is gone."""
        return self._kept.get(job_id)

    def read(self, job_id: str, now: float) -> None:
        """Lines of it were delivered to somebody: its clock starts again."""
        kept = self._kept.get(job_id)
        if kept and kept.until < now + self._idle:
            self._kept[job_id] = replace(kept, until=now + self._idle)

    def keep_longer(self, job_id: str, now: float) -> None:
        """Somebody asked for more time: once more ``idle`` seconds on top of what is left."""
        kept = self._kept.get(job_id)
        if kept:
            self._kept[job_id] = replace(kept, until=max(kept.until, now) + self._idle)

    def pin(self, job_id: str, pinned: bool) -> None:
        """Keep it until it is unpinned. Raises PinRefused if pinned output would take over half of the room."""
        kept = self._kept.get(job_id)
        if kept is None or kept.pinned == pinned:
            return
        limit = self._total_bytes // 2
        if pinned and kept.size + sum(each.size for each in self._kept.values() if each.pinned) > limit:
            raise PinRefused(limit)
        self._kept[job_id] = replace(kept, pinned=pinned)

    def due(self, now: float, running_bytes: int) -> list[str]:
        """The jobs whose output goes now, given the bytes that running jobs take."""
        gone = [job_id for job_id, kept in self._kept.items() if not kept.pinned and kept.until <= now]
        excess = self._size + running_bytes - self._total_bytes - sum(self._kept[job_id].size for job_id in gone)
        for job_id, kept in self._kept.items():
            if excess <= 0:
                break
            if not kept.pinned and kept.until > now:
                gone.append(job_id)
                excess -= kept.size
        return gone
