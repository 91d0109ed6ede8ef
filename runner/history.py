"""SQLite: the index of every job. The jobs' folders are the truth; this is what lists are made from.

All of SQLite runs in one thread of its own, so calls take effect in the order in which they were made
and the event loop never waits for the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from runner.job import Finished, Job, JobPage, Outcome, Output, Queued, Running, State, Stopping

T = TypeVar("T")

_SCHEMA = """
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
"""
_FIXED = ("id", "command", "title", "argv", "parameters", "queued_at", "keep")
_CHANGING = (
    "state",
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
    "lines",
    "bytes",
    "dropped",
    "last_at",
)
_COLUMNS = ", ".join(_FIXED + _CHANGING)
_PUT = (
    f"INSERT INTO jobs ({_COLUMNS}) VALUES ({', '.join('?' * len(_FIXED + _CHANGING))}) "  # noqa: S608 - constants
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _CHANGING)}"
)


class History:
    """The index of all jobs of one data folder. Methods raise sqlite3.Error when the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the file, making it if there is none."""
        await self._run(self._open)

    async def close(self) -> None:
        """Write what is left and close the file."""
        await self._run(lambda db: db.close())
        self._thread.shutdown()

    def put(self, job: Job) -> asyncio.Future[None]:
        """Add a job or bring it up to date; need not be awaited to take effect in order."""
        row = _row(job)
        return self._run(lambda db: _change(db, _PUT, row))

    async def get(self, job_id: str) -> Job | None:
        """One job, or None if there never was one of this id."""
        rows = await self._select("id = ?", [job_id], 1)
        return rows[0] if rows else None

    async def with_output(self) -> list[Job]:
        """The finished jobs whose output has not expired, oldest first."""
        return list(reversed(await self._select("state = 'finished' AND expired_at IS NULL", [], -1)))

    async def prune(self, before: float) -> list[str]:
        """Forget the jobs that ended before a time (wall clock, s) and are not pinned; their ids."""
        query = "DELETE FROM jobs WHERE state = 'finished' AND NOT pinned AND ended_at < ? RETURNING id"
        return [row[0] for row in await self._run(lambda db: db.execute(query, [before]).fetchall())]

    async def ids(self) -> set[str]:
        """The ids of all jobs that the index knows."""
        return {row[0] for row in await self._run(lambda db: db.execute("SELECT id FROM jobs").fetchall())}

    async def unfinished(self) -> list[Job]:
        """The jobs that were not finished when they were last put, oldest first."""
        return list(reversed(await self._select("state != 'finished'", [], -1)))

    async def page(self, state: str | None, command: str | None, limit: int, before: str | None) -> JobPage:
        """Jobs newest first, filtered; ``before`` is the id that the page before ended with."""
        where, values = ["1"], list[object]()
        for condition, value in (
            ("state = ?", state),
            ("command = ?", command),
            ("number < (SELECT number FROM jobs WHERE id = ?)", before),
        ):
            if value is not None:
                where.append(condition)
                values.append(value)
        jobs = await self._select(" AND ".join(where), values, limit + 1)
        more = len(jobs) > limit
        return JobPage(tuple(jobs[:limit]), jobs[limit - 1].id if more else None)

    async def _select(self, where: str, values: list[object], limit: int) -> list[Job]:
        # The conditions are constants of this module; what comes from outside is bound.
        query = f"SELECT {_COLUMNS} FROM jobs WHERE {where} ORDER BY number DESC LIMIT ?"  # noqa: S608
        rows = await self._run(lambda db: db.execute(query, [*values, limit]).fetchall())
        return [_job(row) for row in rows]

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        future: Future[T] = self._thread.submit(lambda: work(self._connection or self._connect()))
        return asyncio.wrap_future(future)

    def _connect(self) -> sqlite3.Connection:
        self._connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # A row lost with the power is made again from the job's folder.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        return self._connection

    @staticmethod
    def _open(db: sqlite3.Connection) -> None:
        db.executescript(_SCHEMA)


def _change(db: sqlite3.Connection, statement: str, row: tuple[Any, ...]) -> None:
    db.execute(statement, row)


def _row(job: Job) -> tuple[Any, ...]:
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
        job.state.name,
        *_end_columns(end, job.started_at),
        output.lines,
        output.bytes,
        output.dropped,
        output.last_at,
    )


def _end_columns(end: Finished | None, started_at: float | None) -> tuple[Any, ...]:
    if end is None:
        return (None, None, started_at, None, None, None, None, None, None, False)
    return (
        end.outcome.value,
        end.reason,
        end.started_at,
        end.ended_at,
        end.exit_code,
        end.signal,
        end.duration,
        end.expires_at,
        end.expired_at,
        end.pinned,
    )


def _job(row: tuple[Any, ...]) -> Job:
    job_id, command, title, argv, parameters, queued_at, keep, *changing = row
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
    )


def _state(name: str, outcome: str | None, reason: str | None, started_at: float | None, *end: Any) -> State:
    ended_at, exit_code, signal, duration, expires_at, expired_at, pinned = end
    if outcome is not None:
        how = Outcome(outcome)
        return Finished(
            how,
            reason or "",
            started_at,
            ended_at,
            exit_code=exit_code,
            signal=signal,
            duration=duration,
            expires_at=expires_at,
            expired_at=expired_at,
            pinned=bool(pinned),
        )
    if name == "running":
        return Running(started_at or 0.0)
    if name == "stopping":
        return Stopping(started_at or 0.0, Outcome.STOPPED)
    return Queued(0)
