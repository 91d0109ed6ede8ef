"""What templates are given: typed values, already worded. The time is an argument; the clock is if it is given."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass

from runner.catalogue import Command
from runner.job import Finished, Job, Outcome, Queued, Running, State, Stopping
from runner.web import addresses, wording
from runner.web.auth.rights import EVERY_JOB_RIGHT, JobRights
from runner.web.keeping import KeepView, keep_view


@dataclass(frozen=True, slots=True)
class Look:
    """A state in words and in shape: never told by colour alone."""

    css: str
    symbol: str
    label: str


BRIEF = 160
"""How much of what runs stands in a list, in characters."""

_OUTCOMES = {
    Outcome.SUCCEEDED: Look("succeeded", "✓", "Succeeded"),
    Outcome.FAILED: Look("failed", "✗", "Failed"),
    Outcome.STOPPED: Look("stopped", "■", "Stopped"),
    Outcome.TIMED_OUT: Look("timed-out", "◷", "Timed out"),
    Outcome.OVER_LIMIT: Look("over-limit", "⊘", "Over its limit"),
    Outcome.NOT_STARTED: Look("not-started", "!", "Not started"),
    Outcome.LOST: Look("lost", "?", "Lost"),
}


@dataclass(frozen=True, slots=True)
class Clock:
    """A moment in three ways: for the ``datetime`` attribute, for people, and as an age."""

    iso: str
    text: str
    ago: str


@dataclass(frozen=True, slots=True)
class JobView:
    """One job for pages and lists."""

    id: str
    title: str
    command: str
    url: str
    state: str
    outcome: str
    look: Look
    reason: str
    exit_name: str
    exit: str
    lines: str
    dropped: str
    bytes: str
    duration: str
    duration_name: str
    last_output: str
    unkept: str
    queued: Clock
    started: Clock | None
    ended: Clock | None
    expired: Clock | None
    keep: KeepView | None
    receipt: str
    brief: str
    stop_url: str
    log_url: str
    tail_url: str
    embed_url: str
    may_stop: bool
    may_pin: bool
    may_download: bool
    finished: bool


def job_view(job: Job, now: float, rights: JobRights = EVERY_JOB_RIGHT, clock: float | None = None) -> JobView:
    """The job at the time ``now``, which is ``clock`` (None: this moment) by the monotonic clock, for one reader."""
    clock = time.monotonic() if clock is None else clock
    look = _look(job.state)
    name, duration = _duration(job, now, clock)
    silence = job.silent_for(now, clock)
    exit_name, exit_text = _exit(job.state)
    end, receipt = job.finished, shlex.join(job.argv)
    return JobView(
        id=job.id,
        title=job.title,
        command=job.command,
        url=addresses.job(job.id),
        state=job.state.name,
        outcome=str(end.outcome) if end else "",
        look=look,
        reason=end.reason if end else "",
        exit_name=exit_name,
        exit=exit_text,
        lines=wording.count(job.output.lines, "line"),
        dropped=wording.count(job.output.dropped, "line") if job.output.dropped else "",
        bytes=wording.size(job.output.bytes),
        duration=duration,
        duration_name=name,
        last_output="none yet" if silence is None else wording.ago(silence),
        unkept=_unkept(job),
        queued=clock_of(job.queued_at, now),
        started=_perhaps(job.started_at, now),
        ended=_perhaps(end.ended_at if end else None, now),
        expired=_perhaps(end.expired_at if end else None, now),
        keep=keep_view(job, now),
        receipt=receipt,
        brief=wording.cut(receipt, BRIEF),
        stop_url=addresses.action(job.id, "stop"),
        log_url=addresses.log(job.id),
        tail_url=addresses.tail(job.id),
        embed_url=addresses.job(job.id, embed=1) + "#embed",
        may_stop=rights.stop and isinstance(job.state, Queued | Running),
        may_pin=rights.stop,
        may_download=rights.download,
        finished=end is not None,
    )


def _look(state: State) -> Look:
    match state:
        case Queued(position):
            return Look("queued", "…", f"Waiting, {wording.ordinal(position)} in the queue")
        case Running():
            return Look("running", "▶", "Running")
        case Stopping():
            return Look("stopping", "◧", "Stopping")
        case Finished(outcome=outcome):
            return _OUTCOMES[outcome]


def _exit(state: State) -> tuple[str, str]:
    """What its end is called and its number: ``("Exit code", "3")``; empty if it has none."""
    if not isinstance(state, Finished):
        return "", ""
    if state.exit_code is not None:
        return "Exit code", str(state.exit_code)
    return ("Signal", str(state.signal)) if state.signal is not None else ("", "")


def _duration(job: Job, now: float, clock: float) -> tuple[str, str]:
    ran = job.ran_for(now, clock)
    if ran is None:
        return "Waited", wording.span(job.waited_for(now, clock))
    return ("Took" if job.finished else "Running for"), wording.span(ran)


def _unkept(job: Job) -> str:
    """From which line on its output is not kept, and why; empty while all is well."""
    output = job.output
    if output.problem is None or output.unkept_from is None:
        return ""
    return f"Output from line {output.unkept_from:,} on is not kept: {output.problem}."


def clock_of(time: float, now: float) -> Clock:
    """A moment (wall clock, s), ``now`` being the same clock."""
    return Clock(wording.rfc3339(time), wording.moment(time), wording.ago(now - time))


def _perhaps(time: float | None, now: float) -> Clock | None:
    return None if time is None else clock_of(time, now)


@dataclass(frozen=True, slots=True)
class CommandView:
    """One command, to be picked. ``asks`` says that it cannot start before something is filled in."""

    name: str
    title: str
    description: str
    url: str
    asks: bool
    has_parameters: bool


@dataclass(frozen=True, slots=True)
class GroupView:
    """Commands that belong together; ``title`` may be empty."""

    title: str
    commands: tuple[CommandView, ...]


def groups(commands: Mapping[str, Command]) -> list[GroupView]:
    """The catalogue by group, in the order of the file."""
    found: dict[str, list[CommandView]] = {}
    for command in commands.values():
        found.setdefault(command.group, []).append(_command_view(command))
    return [GroupView(title, tuple(members)) for title, members in found.items()]


def _command_view(command: Command) -> CommandView:
    parameters = command.parameters.values()
    return CommandView(
        name=command.name,
        title=command.title,
        description=command.description,
        url=addresses.command(command.name),
        asks=any(parameter.required and parameter.default is None for parameter in parameters),
        has_parameters=bool(parameters),
    )
