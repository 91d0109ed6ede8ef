"""The JSON documents of the API, made from the core's values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, get_args

import msgspec

from runner.catalogue import Command
from runner.job import ID_PATTERN, Job, JobPage, Outcome, Queued, State
from runner.lines import OpenText, Run, Stream
from runner.service import Reading

JobId = Annotated[str, msgspec.Meta(pattern=f"^{ID_PATTERN.pattern}$")]
Count = Annotated[int, msgspec.Meta(ge=0)]
Time = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
StateName = Annotated[str, msgspec.Meta(extra_json_schema={"enum": [state.name for state in get_args(State)]})]
StreamName = Annotated[str, msgspec.Meta(extra_json_schema={"enum": [stream.label for stream in Stream]})]


class CommandDocument(msgspec.Struct):
    """One command of the catalogue; ``parameters`` are the catalogue's own values."""

    name: str
    title: str
    description: str
    group: str
    parameters: tuple[Any, ...]


class CommandsDocument(msgspec.Struct):
    """The catalogue, in the file's order."""

    commands: list[CommandDocument]


class JobDocument(msgspec.Struct):
    """A job as it stands. Times are RFC 3339 in UTC; what does not apply is null."""

    id: JobId
    command: str
    argv: tuple[str, ...]
    parameters: Mapping[str, Any]
    state: StateName
    outcome: Outcome | None
    reason: str | None
    exit_code: int | None
    signal: int | None
    queued_at: Time
    started_at: Time | None
    ended_at: Time | None
    lines: Count
    bytes: Count
    dropped: Count
    queue_position: int | None
    expires_at: Time | None
    expired_at: Time | None


class JobsDocument(msgspec.Struct):
    """Jobs, newest first; ``next`` is what to send as ``before`` for older ones."""

    jobs: list[JobDocument]
    next: JobId | None


class LineDocument(msgspec.Struct, gc=False):
    """One line. ``length`` is only there if ``text`` was cut: the line's bytes as written."""

    number: Annotated[int, msgspec.Meta(ge=1)]
    stream: StreamName
    time: Time
    text: str
    length: Count | msgspec.UnsetType = msgspec.UNSET


class OpenDocument(msgspec.Struct):
    """What a stream wrote without a ``\\n`` yet."""

    stream: StreamName
    text: str


class LinesDocument(msgspec.Struct):
    """Lines after a cursor, and how the job stands."""

    first: Count | None
    next: Count
    dropped: Count
    lines: list[LineDocument]
    open: list[OpenDocument]
    revision: Count
    state: StateName
    outcome: Outcome | None


@lru_cache(maxsize=256)
def rfc3339(seconds: float) -> str:
    """A wall clock time in seconds as RFC 3339 in UTC, with microseconds and ``Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def commands_document(commands: Iterable[Command]) -> CommandsDocument:
    """The catalogue as the API shows it."""
    return CommandsDocument(
        [
            CommandDocument(
                command.name, command.title, command.description, command.group, tuple(command.parameters.values())
            )
            for command in commands
        ]
    )


def job_document(job: Job) -> JobDocument:
    """A job as the API shows it."""
    end = job.finished
    return JobDocument(
        id=job.id,
        command=job.command,
        argv=job.argv,
        parameters=job.parameters,
        state=job.state.name,
        outcome=end.outcome if end else None,
        reason=end.reason if end else None,
        exit_code=end.exit_code if end else None,
        signal=end.signal if end else None,
        queued_at=rfc3339(job.queued_at),
        started_at=_time_or_none(job.started_at),
        ended_at=_time_or_none(end.ended_at if end else None),
        lines=job.output.lines,
        bytes=job.output.bytes,
        dropped=job.output.dropped,
        queue_position=job.state.position if isinstance(job.state, Queued) else None,
        expires_at=_time_or_none(end.expires_at if end else None),
        expired_at=_time_or_none(end.expired_at if end else None),
    )


def jobs_document(page: JobPage) -> JobsDocument:
    """A list of jobs as the API shows it."""
    return JobsDocument([job_document(job) for job in page.jobs], page.next)


def lines_document(reading: Reading) -> LinesDocument:
    """What one read found, as the API shows it."""
    lines: list[LineDocument] = []
    for run in reading.slice.runs:
        lines.extend(_line_documents(run))
    end = reading.job.finished
    return LinesDocument(
        first=reading.slice.first,
        next=reading.slice.next,
        dropped=reading.slice.dropped,
        lines=lines,
        open=[_open_document(text) for text in reading.open],
        revision=reading.revision,
        state=reading.job.state.name,
        outcome=end.outcome if end else None,
    )


def _line_documents(run: Run) -> list[LineDocument]:
    # Decoded as a whole and split after: `\n` is never part of a longer sequence of UTF-8, so each
    # line comes out as if it had been decoded alone, at a fraction of the cost.
    stream, time = run.stream.label, rfc3339(run.time)
    texts = run.data[:-1].decode("utf-8", "replace").split("\n")
    length = msgspec.UNSET if run.length is None else run.length
    return [LineDocument(number, stream, time, text, length) for number, text in enumerate(texts, run.first)]


def _open_document(text: OpenText) -> OpenDocument:
    return OpenDocument(text.stream.label, text.data.decode("utf-8", "replace"))


def _time_or_none(seconds: float | None) -> str | None:
    return None if seconds is None else rfc3339(seconds)
