"""How a job ended, in words."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from runner import endings
from runner.folder import ExitRecord
from runner.job import Job, Outcome, Queued, Running

JOB = Job("a" * 26, "list", "List", ("frobnicate", "-l"), {}, 10.0, Running(11.0))


def end(**keys: Any) -> tuple[Outcome, str]:
    """Outcome and reason of a job whose exit record says this."""
    finished = endings.finished(JOB, ExitRecord(ended_at=12.0, started_at=11.0, **keys))
    return finished.outcome, finished.reason


@pytest.mark.parametrize(
    ("record", "outcome", "reason"),
    [
        ({"exit_code": 0}, Outcome.SUCCEEDED, "It exited with status 0."),
        ({"exit_code": 3}, Outcome.FAILED, "It exited with status 3."),
        ({"signal": 11, "signal_name": "SIGSEGV"}, Outcome.FAILED, "It was ended by signal 11 (SIGSEGV)."),
        ({"cause": "stopped", "exit_code": 0}, Outcome.STOPPED, "Stopped on request: exited with status 0."),
        (
            {"cause": "stopped", "signal": 15, "signal_name": "SIGTERM"},
            Outcome.STOPPED,
            "Stopped on request: was ended by signal 15 (SIGTERM).",
        ),
        (
            {"cause": "stopped", "server_gone": 1, "signal": 9, "signal_name": "SIGKILL"},
            Outcome.STOPPED,
            "Ended with the server: was ended by signal 9 (SIGKILL).",
        ),
        (
            {"cause": "timed_out", "timeout": 600.0, "signal": 15, "signal_name": "SIGTERM"},
            Outcome.TIMED_OUT,
            "It ran longer than its limit of 10 minutes: was ended by signal 15 (SIGTERM).",
        ),
    ],
)
def test_each_outcome_has_its_words(record: dict[str, Any], outcome: Outcome, reason: str) -> None:
    assert end(**record) == (outcome, reason)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "1 process left in the background was ended."),
        (2, "2 processes left in the background were ended."),
    ],
)
def test_processes_in_the_background_are_told(count: int, words: str) -> None:
    assert end(exit_code=0, background=count) == (Outcome.SUCCEEDED, f"It exited with status 0. {words}")


def test_what_a_stop_ended_was_not_left_in_the_background() -> None:
    assert "background" not in end(exit_code=0, background=2, cause="stopped")[1]


def test_processes_that_could_not_be_ended_are_told() -> None:
    assert end(exit_code=0, survivors=1)[1].endswith(" 1 process could not be ended.")
    assert end(exit_code=0, survivors=2)[1].endswith(" 2 processes could not be ended.")


@pytest.mark.parametrize(
    ("step", "number", "words"),
    [
        ("program", errno.ENOENT, "There is no program “frobnicate” on the server."),
        ("program", errno.EACCES, "The program “frobnicate” may not be run by the server."),
        ("program", errno.ENOEXEC, "The file “frobnicate” is not a program."),
        ("program", errno.E2BIG, "The arguments are too long for the system."),
        ("folder", errno.ENOENT, "The folder in which the command should run does not exist."),
        ("folder", errno.EACCES, "The folder in which the command should run may not be entered."),
        ("folder", errno.ENOTDIR, "The folder in which the command should run is not a folder."),
        ("program", errno.ETXTBSY, "It could not be started: Text file busy (program)."),
    ],
)
def test_why_it_did_not_start(step: str, number: int, words: str) -> None:
    finished = endings.finished(JOB, ExitRecord(ended_at=12.0, failed_step=step, errno=number))
    assert (finished.outcome, finished.reason, finished.started_at) == (Outcome.NOT_STARTED, words, None)


def test_times_and_numbers_are_those_of_the_record() -> None:
    finished = endings.finished(JOB, ExitRecord(ended_at=12.5, started_at=11.5, exit_code=4))
    assert (finished.started_at, finished.ended_at, finished.exit_code, finished.signal) == (11.5, 12.5, 4, None)


def test_a_lost_job_keeps_its_start() -> None:
    finished = endings.lost(JOB, 12.0)
    assert (finished.outcome, finished.started_at, finished.ended_at) == (Outcome.LOST, 11.0, 12.0)
    assert endings.lost(JOB.became(Queued(1)), 12.0).started_at is None


def test_a_job_that_never_ran_says_who_ended_it() -> None:
    assert endings.stopped_in_queue(12.0, by_server=False).reason == "Stopped before its turn came."
    assert endings.stopped_in_queue(12.0, by_server=True).reason == "The server ended before its turn came."
    assert endings.never_spawned(12.0, OSError(errno.EAGAIN, "")).outcome == Outcome.NOT_STARTED


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.5, "0.5 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (7200, "2 hours"),
        (86400, "1 day"),
        (172800, "2 days"),
    ],
)
def test_limits_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert endings.duration_words(seconds) == words
