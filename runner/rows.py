"""A job as a row of the index: the table, the way there and back, and the query for a page of rows."""

from __future__ import annotations

from typing import Any

import msgspec

from runner.job import Finished, Job, Outcome, Output, Queued, Running, State, Stopping, Visible

MAY_EXPIRE = "state = 'finished' AND expired_at IS NULL AND NOT pinned"
"""Has output that goes some day. The indexes are made with these words, and are of use to a query that has them."""

STEPS = (
    """
    CREATE TABLE IF NOT EXISTS jobs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        command TEXT NOT NULL,
        title TEXT NOT NULL,
        argv TEXT NOT NULL,
        parameters TEXT NOT NULL,
        queued_at REAL NOT NULL,
        state TEXT NOT NULL,
        outcome TEXT,
        reason TEXT,
        started_at REAL,
        ended_at REAL,
        exit_code INTEGER,
        signal INTEGER,
        duration REAL,
        pinned INTEGER NOT NULL DEFAULT 0,
        keep INTEGER NOT NULL DEFAULT 0,
        expires_at REAL,
        expired_at REAL,
        lines INTEGER NOT NULL DEFAULT 0,
        bytes INTEGER NOT NULL DEFAULT 0,
        dropped INTEGER NOT NULL DEFAULT 0,
        last_at REAL
    );
    CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, number);
    CREATE INDEX IF NOT EXISTS jobs_by_command ON jobs (command, number);
    """,
    """
    ALTER TABLE jobs ADD COLUMN kept_until REAL;
    ALTER TABLE jobs ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;
    UPDATE jobs SET stored_bytes = bytes WHERE state = 'finished' AND expired_at IS NULL;
    CREATE INDEX jobs_by_kept_until ON jobs (kept_until)
        WHERE state = 'finished' AND expired_at IS NULL AND NOT pinned;
    CREATE INDEX jobs_by_end ON jobs (ended_at, number)
        WHERE state = 'finished' AND expired_at IS NULL AND NOT pinned;
    """,
    """
    ALTER TABLE jobs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
    CREATE INDEX jobs_by_owner ON jobs (owner, number);
    """,
)
"""What makes the table; each is applied once, in order, and never changed afterwards."""

_FIXED = ("id", "command", "title", "argv", "parameters", "queued_at", "keep", "owner")
_OF_THE_END = (
    "outcome",
    "reason",
    "started_at",
    "ended_at",
    "exit_code",
    "signal",
    "duration",
    "expires_at",
    "expired_at",
    "pinned",
    "kept_until",
    "stored_bytes",
)
_CHANGING = ("state", *_OF_THE_END, "lines", "bytes", "dropped", "last_at")
COLUMNS = ", ".join(_FIXED + _CHANGING)
PUT = (
    f"INSERT INTO jobs ({COLUMNS}) VALUES ({', '.join('?' * len(_FIXED + _CHANGING))}) "  # nosec B608 # noqa: S608 - constants
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _CHANGING)}"
)
"""Adds a row or brings it up to date; takes what ``row_of`` gives."""

_WALKED = "({filters}) AND (+command IN (SELECT value FROM json_each(:commands)) OR +owner = :owner)"
_LOOKED_UP = """number IN (
    SELECT found.number FROM json_each(:commands) AS one CROSS JOIN jobs AS found
    WHERE found.number IN (
        SELECT number FROM jobs WHERE command = one.value AND {filters} ORDER BY number DESC LIMIT :limit
    )
    UNION ALL
    SELECT number FROM (
        SELECT number FROM jobs WHERE owner = :owner AND {filters} ORDER BY number DESC LIMIT :limit
    )
)"""


def page_query(
    state: str | None, command: str | None, limit: int, before: str | None, visible: Visible | None
) -> tuple[str, dict[str, object]]:
    """The query for the newest ``limit`` rows after ``before`` that pass every filter, and its values by name.

    Where only some commands are visible, the newest ``limit`` of each and of the owner are looked up in their
    indexes and merged: however many jobs are not visible, they are no work. Walked are jobs in a state in which
    few are at a time, and the owner's jobs for those of a ``command`` that is not visible otherwise.
    """
    # A plus keeps SQLite from the worse of two indexes, between which it sees no difference: nearly every job is
    # finished, and hardly any is not.
    few = state not in (None, Finished.name)
    filters: dict[str, object] = {
        "state = :state" if few else "+state = :state": state,
        "+command = :command" if few else "command = :command": command,
        "number < (SELECT number FROM jobs WHERE id = :before)": before,
    }
    where = " AND ".join(name for name, value in filters.items() if value is not None) or "1"
    values: dict[str, object] = {"state": state, "command": command, "limit": limit, "before": before}
    if visible is not None and visible.commands is not None and command not in visible.commands:
        commands = msgspec.json.encode(sorted(visible.commands)).decode()
        # No owner is bound as NULL, which equals no owner of any job.
        values |= {"commands": commands, "owner": visible.owner or None}
        where = (_WALKED if few else _LOOKED_UP).format(filters=where)
    # All of it are constants of this module; what comes from outside is bound.
    return f"SELECT {COLUMNS} FROM jobs WHERE {where} ORDER BY number DESC LIMIT :limit", values  # nosec B608 # noqa: S608 - constants


def row_of(job: Job) -> tuple[Any, ...]:
    """The values of all ``COLUMNS``."""
    end = job.finished
    output = job.output
    return (
        job.id,
        job.command,
        job.title,
        msgspec.json.encode(job.argv).decode(),
        msgspec.json.encode(dict(job.parameters)).decode(),
        job.queued_at,
        job.keep,
        job.owner,
        job.state.name,
        *_end_columns(end, job.started_at),
        output.lines,
        output.bytes,
        output.dropped,
        output.last_at,
    )


def _end_columns(end: Finished | None, started_at: float | None) -> tuple[Any, ...]:
    if end is None:
        return (None, None, started_at, None, None, None, None, None, None, False, None, 0)
    return (end.outcome.value, *(getattr(end, name) for name in _OF_THE_END[1:]))


def job_of(row: tuple[Any, ...]) -> Job:
    """The job, from the values of all ``COLUMNS``."""
    job_id, command, title, argv, parameters, queued_at, keep, owner, *changing = row
    *state, lines, size, dropped, last_at = changing
    return Job(
        job_id,
        command,
        title,
        msgspec.json.decode(argv, type=tuple[str, ...]),
        msgspec.json.decode(parameters, type=dict[str, Any]),
        queued_at,
        _state(*state),
        Output(lines, size, dropped, last_at),
        bool(keep),
        owner=owner,
    )


def _state(name: str, outcome: str | None, reason: str | None, started_at: float | None, *end: Any) -> State:
    ended_at, exit_code, signal, duration, expires_at, expired_at, pinned, kept_until, stored_bytes = end
    if outcome is not None:
        return Finished(
            Outcome(outcome),
            reason or "",
            started_at,
            ended_at,
            exit_code=exit_code,
            signal=signal,
            duration=duration,
            expires_at=expires_at,
            expired_at=expired_at,
            pinned=bool(pinned),
            kept_until=kept_until,
            stored_bytes=stored_bytes,
        )
    if name == "running":
        return Running(started_at or 0.0)
    if name == "stopping":
        return Stopping(started_at or 0.0, Outcome.STOPPED)
    return Queued(0)
