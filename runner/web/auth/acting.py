"""Everything that a person changes: allowed, done, and written into the audit."""

from __future__ import annotations

from collections.abc import Mapping

from runner.errors import BadParameters, LinefeedError, UnknownCommand
from runner.job import Job
from runner.settings import Right
from runner.web.audit.entry import What
from runner.web.auth import noting
from runner.web.auth.asking import may, person
from runner.web.auth.errors import NotAllowed
from runner.web.context import runner


async def start(command: str, values: Mapping[str, object]) -> Job:
    """Start or queue a job for this person. What cannot be written into the audit is not started.

    Raises UnknownCommand (also for a command that this person may not even see), NotAllowed, AuditFailed, and what
    ``Runner.start`` raises.
    """
    if not may(Right.START, command):
        if command in runner().commands and may(Right.SEE, command):
            raise NotAllowed(f"start “{command}”")
        raise UnknownCommand(command)
    try:
        return await runner().start(command, values, owner=person().name, approve=_note_start)
    except LinefeedError as error:
        reason = "the parameters are not right" if isinstance(error, BadParameters) else str(error)
        noting.refused(What.START, command=command, reason=reason)
        raise


async def stop(job_id: str, force: bool = False) -> Job:
    """Ask a job to end. Raises UnknownJob."""
    job = await runner().stop(job_id, force)
    noting.of_job(What.FORCE_STOP if force else What.STOP, job)
    return job


async def keep_longer(job_id: str) -> Job:
    """Keep a job's output for one idle time more. Raises UnknownJob, OutputExpired."""
    job = await runner().keep_longer(job_id)
    noting.of_job(What.KEEP, job)
    return job


async def pin(job_id: str, pinned: bool) -> Job:
    """Keep a job's output until it is unpinned. Raises UnknownJob, OutputExpired, PinRefused."""
    job = await runner().pin(job_id, pinned)
    noting.of_job(What.PIN if pinned else What.UNPIN, job)
    return job


def _note_start(job: Job) -> None:
    noting.start(job)
