"""A job: one run of a command, from queued to finished. Pure values; nothing here does I/O.

Times are seconds since the epoch (wall clock), as floats.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

ID_PATTERN = re.compile(r"[a-z0-9]{26}")


class Outcome(StrEnum):
    """How a finished job ended; a closed set, part of the contract."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    TIMED_OUT = "timed_out"
    OVER_LIMIT = "over_limit"
    NOT_STARTED = "not_started"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Queued:
    """Waits for a slot; ``position`` counts from 1."""

    position: int
    name = "queued"


@dataclass(frozen=True, slots=True)
class Running:
    """Its command runs since ``started_at``; ``started_clock`` is the same moment by the monotonic clock, if known."""

    started_at: float
    started_clock: float | None = None
    name = "running"


@dataclass(frozen=True, slots=True)
class Stopping:
    """It was told to end because of ``cause``, and has not ended yet."""

    started_at: float
    cause: Outcome
    started_clock: float | None = None
    name = "stopping"


@dataclass(frozen=True, slots=True)
class Finished:
    """It is over. ``started_at`` is None if it never ran; ``duration`` is how long it ran, in seconds.

    Its output is kept until ``expires_at`` (later if somebody reads it), or while it is ``pinned``;
    ``expired_at`` is set once it is gone. ``kept_until`` is the same moment by this server's monotonic
    clock, and ``stored_bytes`` is what the output takes on disk.
    """

    outcome: Outcome
    reason: str
    started_at: float | None
    ended_at: float
    exit_code: int | None = None
    signal: int | None = None
    duration: float | None = None
    expires_at: float | None = None
    expired_at: float | None = None
    pinned: bool = False
    kept_until: float | None = None
    stored_bytes: int = 0
    name = "finished"


State = Queued | Running | Stopping | Finished


@dataclass(frozen=True, slots=True)
class Output:
    """What a job has written so far; ``dropped`` lines of it are not kept.

    ``last_at`` is the time of the newest output, ``last_clock`` the same by the monotonic clock, if known. While
    output cannot be written down, ``problem`` says why and ``unkept_from`` from which line on.
    """

    lines: int = 0
    bytes: int = 0
    dropped: int = 0
    last_at: float | None = None
    last_clock: float | None = None
    problem: str | None = None
    unkept_from: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a command, as it stands now. ``parameters`` are as given, secrets masked.

    ``keep`` says that it goes on when the server ends, and is adopted by the next. ``queued_clock`` is the moment
    ``queued_at`` by the monotonic clock, if known. ``owner`` is who asked for it, empty if nobody said.
    """

    id: str
    command: str
    title: str
    argv: tuple[str, ...]
    parameters: Mapping[str, object]
    queued_at: float
    state: State
    output: Output = Output()
    keep: bool = False
    queued_clock: float | None = None
    owner: str = ""

    @property
    def finished(self) -> Finished | None:
        """The end, or None while there is none."""
        return self.state if isinstance(self.state, Finished) else None

    @property
    def started_at(self) -> float | None:
        """When its command was started, or None if it has not been."""
        return None if isinstance(self.state, Queued) else self.state.started_at

    def waited_for(self, now: float, clock: float) -> float:
        """Seconds from being asked for until now, or until its end if it is over; ``clock`` as in ``ran_for``."""
        if self.finished is not None:
            return max(self.finished.ended_at - self.queued_at, 0.0)
        return max(now - self.queued_at if self.queued_clock is None else clock - self.queued_clock, 0.0)

    def ran_for(self, now: float, clock: float) -> float | None:
        """Seconds it has run or ran; None if it never did. ``clock`` is the monotonic now: the wall clock may jump."""
        state = self.state
        if isinstance(state, Queued) or state.started_at is None:
            return None
        if isinstance(state, Finished):
            return max(state.ended_at - state.started_at, 0.0) if state.duration is None else state.duration
        return max(now - state.started_at if state.started_clock is None else clock - state.started_clock, 0.0)

    def silent_for(self, now: float, clock: float) -> float | None:
        """Seconds since its newest output; None if there is none."""
        if self.output.last_at is None:
            return None
        known = self.output.last_clock
        return max(now - self.output.last_at if known is None else clock - known, 0.0)

    def became(self, state: State) -> Job:
        """The same job in another state."""
        return replace(self, state=state)


@dataclass(frozen=True, slots=True)
class Visible:
    """Which jobs may be seen: those of these commands (None: of every command), and those of this owner besides.

    An empty ``owner`` is nobody, and owns nothing.
    """

    commands: frozenset[str] | None
    owner: str | None = None

    def includes(self, job: Job) -> bool:
        """Whether the job is one of them."""
        if self.commands is None or job.command in self.commands:
            return True
        return bool(self.owner) and job.owner == self.owner


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs, newest first; ``next`` is the id to send as ``before`` for the page after, or None."""

    jobs: tuple[Job, ...]
    next: str | None


def new_id() -> str:
    """A fresh id: 26 characters of ``[a-z2-7]``, 130 random bits."""
    return base64.b32encode(secrets.token_bytes(17)).decode().lower()[:26]


def is_id(text: str) -> bool:
    """Whether ``text`` has the form of a job id (nothing else ever reaches a path)."""
    return ID_PATTERN.fullmatch(text) is not None
