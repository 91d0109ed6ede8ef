"""Turns what a shim left behind into the end of a job: outcome and reason in words. Pure."""

from __future__ import annotations

import errno
import os

from runner.folder import ExitRecord
from runner.job import Finished, Job, Outcome

_PROBLEMS = {
    ("program", "ENOENT"): "There is no program “{program}” on the server.",
    ("program", "EACCES"): "The program “{program}” may not be run by the server.",
    ("program", "ENOEXEC"): "The file “{program}” is not a program.",
    ("program", "E2BIG"): "The arguments are too long for the system.",
    ("folder", "ENOENT"): "The folder in which the command should run does not exist.",
    ("folder", "EACCES"): "The folder in which the command should run may not be entered.",
    ("folder", "ENOTDIR"): "The folder in which the command should run is not a folder.",
}


def finished(job: Job, record: ExitRecord) -> Finished:
    """The end of ``job`` as its exit record tells it."""
    if record.failed_step:
        return Finished(Outcome.NOT_STARTED, _problem(job, record), None, record.ended_at)
    outcome, reason = _outcome(record)
    return Finished(
        outcome,
        reason + _leftovers(record),
        record.started_at,
        record.ended_at,
        exit_code=record.exit_code,
        signal=record.signal,
        duration=record.duration,
    )


def lost(job: Job, ended_at: float) -> Finished:
    """The end of a job whose shim was killed from outside."""
    reason = "The process that watched over this job was killed from outside; what was left of the job was ended."
    return Finished(Outcome.LOST, reason, job.started_at, ended_at)


def stopped_in_queue(ended_at: float, by_server: bool) -> Finished:
    """The end of a job that was taken out of the queue."""
    reason = "The server ended before its turn came." if by_server else "Stopped before its turn came."
    return Finished(Outcome.STOPPED, reason, None, ended_at)


def command_gone(ended_at: float) -> Finished:
    """The end of a queued job whose command is no longer in the catalogue after a restart."""
    return Finished(Outcome.STOPPED, "Its command is no longer in the catalogue.", None, ended_at)


def never_spawned(ended_at: float, error: OSError) -> Finished:
    """The end of a job for which no shim could be made."""
    reason = f"The server could not make a process for it: {os.strerror(error.errno or 0)}."
    return Finished(Outcome.NOT_STARTED, reason, None, ended_at)


def duration_words(seconds: float) -> str:
    """A limit as a person says it: ``10 minutes``, ``1.5 seconds``."""
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {word}" + ("s" if seconds != size else "")
    return f"{seconds:g} second" + ("s" if seconds != 1 else "")


def _outcome(record: ExitRecord) -> tuple[Outcome, str]:
    how = _how(record)
    if record.cause == "timed_out":
        return Outcome.TIMED_OUT, f"It ran longer than its limit of {duration_words(record.timeout or 0)}: {how}."
    if record.cause == "stopped":
        who = "Ended with the server" if record.server_gone else "Stopped on request"
        return Outcome.STOPPED, f"{who}: {how}."
    if record.exit_code == 0:
        return Outcome.SUCCEEDED, "It exited with status 0."
    return Outcome.FAILED, f"It {how}."


def _how(record: ExitRecord) -> str:
    if record.signal is not None:
        return f"was ended by signal {record.signal} ({record.signal_name})"
    return f"exited with status {record.exit_code}"


def _leftovers(record: ExitRecord) -> str:
    words = ""
    if record.background and not record.cause:
        words += f" {_processes(record.background)} left in the background {_were(record.background)} ended."
    if record.survivors:
        words += f" {_processes(record.survivors)} could not be ended."
    return words


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _problem(job: Job, record: ExitRecord) -> str:
    known = _PROBLEMS.get((record.failed_step or "", errno.errorcode.get(record.errno, "")))
    if known:
        return known.format(program=job.argv[0])
    return f"It could not be started: {os.strerror(record.errno)} ({record.failed_step})."
