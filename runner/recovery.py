"""Makes the index agree with the jobs' folders when a server starts."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from runner import endings
from runner.folder import JobFolder, job_ids
from runner.history import History
from runner.job import Job, Output, Queued
from runner.process import end_leftovers
from runner.spool import Spool


async def recover(jobs: Path, history: History) -> None:
    """Bring every job of an earlier server to a true end, and put jobs that the index does not know into it."""
    for job in await history.unfinished():
        await history.put(await _ended(jobs, job))
    for job_id in job_ids(jobs):
        if await history.get(job_id) is None:
            request = JobFolder(jobs, job_id).request()
            if request is not None:
                await history.put(await _ended(jobs, request.job()))


async def _ended(jobs: Path, job: Job) -> Job:
    """The job as it ended while no server was looking."""
    folder = JobFolder(jobs, job.id)
    record = folder.exit_record()
    spool = Spool(folder.path)
    spool.refresh()
    seen = spool.progress
    output = Output(seen.lines, seen.output_bytes, seen.dropped_lines, seen.last_at or None)
    if record is not None:
        end = endings.finished(job, record)
    elif isinstance(job.state, Queued):
        end = endings.stopped_in_queue(time.time(), by_server=True)
    else:
        await asyncio.to_thread(end_leftovers, job.id)
        end = endings.lost(job, time.time())
    return replace(job, output=output, state=end)
