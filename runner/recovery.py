"""Makes every record true before a server answers its first request.

The folders are what counts: a lock that is held is a shim that lives, an exit record is an end; a
number of a process alone says nothing.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner import endings
from runner.folder import JobFolder, job_ids
from runner.history import History
from runner.job import Finished, Job, Output, Running
from runner.process import end_leftovers
from runner.spool import Spool

_PATIENCE_S = 10.0
_ROUND_S = 0.01


@dataclass(frozen=True, slots=True)
class Found:
    """What an earlier server left: jobs that run, and jobs that wait for their turn; oldest first."""

    running: list[Job] = field(default_factory=list)
    waiting: list[Job] = field(default_factory=list)


async def recover(jobs: Path, history: History) -> Found:
    """Bring the index up to date with the folders; what still has to be taken over is returned."""
    found = Found()
    unfinished = await history.unfinished()
    for job in unfinished + await _unknown(jobs, history):
        await _recover_one(jobs, history, job, found)
    return found


async def _unknown(jobs: Path, history: History) -> list[Job]:
    """The jobs that have a folder and are not in the index. Half-made and half-deleted folders are cleared away."""
    missing = []
    there = set(job_ids(jobs))
    for job_id in there & await history.ids(expired=True):
        JobFolder(jobs, job_id).remove()
    for job_id in there - await history.ids():
        folder = JobFolder(jobs, job_id)
        request = folder.request()
        if request is None:
            folder.remove()
        else:
            missing.append(request.job())
    return sorted(missing, key=lambda job: job.queued_at)


async def _recover_one(jobs: Path, history: History, job: Job, found: Found) -> None:
    folder = JobFolder(jobs, job.id)
    if folder.path.exists() and not await _is_over(folder, job):
        job = job.became(Running(job.started_at or job.queued_at))
        found.running.append(job)
    elif job.keep and folder.request() is not None and not folder.launched():
        found.waiting.append(job)
    else:
        job = await _ended(folder, job)
    # The index may have it in an older state, or not at all.
    await history.put(job)


async def _is_over(folder: JobFolder, job: Job) -> bool:
    """Whether its shim is gone. That of a job which ends with its server is given time to end it."""
    give_up_at = time.monotonic() + (0.0 if job.keep else _PATIENCE_S)
    while folder.alive():
        if time.monotonic() >= give_up_at:
            return False
        await asyncio.sleep(_ROUND_S)
    return True


async def _ended(folder: JobFolder, job: Job) -> Job:
    """The job as it ended while no server was looking."""
    record = folder.exit_record()
    spool = Spool(folder.path)
    spool.refresh()
    seen = spool.progress
    output = Output(seen.lines, seen.output_bytes, seen.dropped_lines, seen.last_at or None)
    end: Finished
    if record is not None:
        end = endings.finished(job, record)
    elif not folder.launched():
        end = endings.stopped_in_queue(time.time(), by_server=True)
    else:
        await asyncio.to_thread(end_leftovers, job.id)
        spool.cut_torn_end()
        end = replace(endings.lost(job, time.time()), started_at=seen.started_at or job.started_at)
    return replace(job, output=output, state=replace(end, stored_bytes=folder.size()))
