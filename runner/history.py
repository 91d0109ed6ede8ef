"""SQLite: the index of every job. The jobs' folders are the truth; this is what lists are made from.

All of SQLite runs in one thread of its own, so calls take effect in the order in which they were made
and the event loop never waits for the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from runner.job import Job, JobPage, Visible
from runner.rows import COLUMNS, MAY_EXPIRE, PUT, STEPS, job_of, page_query, row_of

T = TypeVar("T")

_CACHE_KIB = 256
_BESIDE = ("-wal", "-shm", "-journal")


class History:
    """The index of all jobs of one data folder, for its owner alone. Methods raise sqlite3.Error when it is no use."""

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
        row = row_of(job)
        return self._run(lambda db: _change(db, PUT, row))

    async def get(self, job_id: str) -> Job | None:
        """One job, or None if there never was one of this id."""
        rows = await self._select("id = ?", [job_id], 1)
        return rows[0] if rows else None

    async def some(self, job_ids: Collection[str]) -> list[Job]:
        """Those of the jobs that there are, newest first."""
        return await self._select(f"id IN ({', '.join('?' * len(job_ids))})", [*job_ids], -1)

    async def begin_expiry(self, kept_until: float, clock_offset: float) -> tuple[int, int]:
        """Keep all output until then at least; the bytes that all of it takes, and those of pinned output.

        ``kept_until`` is by the monotonic clock, in seconds; ``clock_offset`` is that clock less the wall clock.
        """
        return await self._run(lambda db: _begin_expiry(db, kept_until, clock_offset))

    async def keep(self, until: Mapping[str, float]) -> None:
        """Keep the output of jobs until these moments (monotonic clock, s) at least."""
        rows = [(moment, job_id) for job_id, moment in until.items()]
        await self._run(lambda db: _keep(db, rows))

    async def overdue(self, now: float) -> list[str]:
        """The jobs whose output was kept until ``now`` (monotonic clock, s)."""
        query = f"SELECT id FROM jobs INDEXED BY jobs_by_kept_until WHERE {MAY_EXPIRE} AND kept_until <= ?"  # nosec B608 # noqa: S608 - a constant
        return [row[0] for row in await self._run(lambda db: db.execute(query, [now]).fetchall())]

    async def oldest(self, size: int) -> list[str]:
        """The jobs that ended first and whose output together takes at least ``size`` bytes, if there is so much."""
        return await self._run(lambda db: _oldest(db, size))

    async def prune(self, before: float) -> list[tuple[str, int]]:
        """Forget the jobs that ended before a time (wall clock, s) and are not pinned; their ids and stored bytes."""
        query = "DELETE FROM jobs WHERE state = 'finished' AND NOT pinned AND ended_at < ? RETURNING id, stored_bytes"
        return await self._run(lambda db: db.execute(query, [before]).fetchall())

    async def ids(self, *, expired: bool = False) -> set[str]:
        """The ids of all jobs that the index knows, or of those whose output has expired."""
        query = "SELECT id FROM jobs WHERE expired_at IS NOT NULL" if expired else "SELECT id FROM jobs"
        return {row[0] for row in await self._run(lambda db: db.execute(query).fetchall())}

    async def latest(self) -> list[Job]:
        """The newest job of each command."""
        return await self._select("number IN (SELECT max(number) FROM jobs GROUP BY command)", [], -1)

    async def unfinished(self) -> list[Job]:
        """The jobs that were not finished when they were last put, oldest first."""
        return list(reversed(await self._select("state != 'finished'", [], -1)))

    async def page(
        self, state: str | None, command: str | None, limit: int, before: str | None, visible: Visible | None = None
    ) -> JobPage:
        """Jobs newest first, filtered; ``before`` is the id that the page before ended with."""
        jobs = await self._ask(*page_query(state, command, limit + 1, before, visible))
        more = len(jobs) > limit
        return JobPage(tuple(jobs[:limit]), jobs[limit - 1].id if more else None)

    async def _select(self, where: str, values: list[object], limit: int) -> list[Job]:
        # The conditions are constants of this module; what comes from outside is bound.
        query = f"SELECT {COLUMNS} FROM jobs WHERE {where} ORDER BY number DESC LIMIT ?"  # nosec B608 # noqa: S608 - constants
        return await self._ask(query, [*values, limit])

    async def _ask(self, query: str, values: Sequence[object] | Mapping[str, object]) -> list[Job]:
        rows = await self._run(lambda db: db.execute(query, values).fetchall())
        return [job_of(row) for row in rows]

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        future: Future[T] = self._thread.submit(lambda: work(self._connection or self._connect()))
        return asyncio.wrap_future(future)

    def _connect(self) -> sqlite3.Connection:
        _keep_from_others(self._path)
        self._connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # A row lost with the power is made again from the job's folder.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        # Small, and in KiB (hence the sign): the kernel caches the file too, and this one is the server's memory.
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return self._connection

    @staticmethod
    def _open(db: sqlite3.Connection) -> None:
        (done,) = db.execute("PRAGMA user_version").fetchone()
        if done > len(STEPS):
            raise sqlite3.DatabaseError("the history was written by a newer Linefeed")
        for number, step in enumerate(STEPS[done:], done + 1):
            db.executescript(f"BEGIN; {step} PRAGMA user_version = {number}; COMMIT;")


def _keep_from_others(path: Path) -> None:
    """Make the file if there is none; SQLite gives those beside it the mode of this one.

    What cannot be done here SQLite says better, or it is another owner's matter.
    """
    with suppress(OSError):
        path.touch(0o600)
    for each in (path, *(path.with_name(path.name + end) for end in _BESIDE)):
        with suppress(OSError):
            each.chmod(0o600)


def _change(db: sqlite3.Connection, statement: str, row: tuple[Any, ...]) -> None:
    db.execute(statement, row)


def _begin_expiry(db: sqlite3.Connection, kept_until: float, clock_offset: float) -> tuple[int, int]:
    db.execute(
        "UPDATE jobs SET kept_until = max(?, ifnull(expires_at, 0) + ?) "
        "WHERE state = 'finished' AND expired_at IS NULL",
        [kept_until, clock_offset],
    )
    total, pinned = db.execute("SELECT total(stored_bytes), total(stored_bytes * pinned) FROM jobs").fetchone()
    return int(total), int(pinned)


def _keep(db: sqlite3.Connection, rows: list[tuple[float, str]]) -> None:
    db.execute("BEGIN")
    with db:  # commits, or takes it back if the disk is full
        db.executemany("UPDATE jobs SET kept_until = max(kept_until, ?) WHERE id = ?", rows)


def _oldest(db: sqlite3.Connection, size: int) -> list[str]:
    found = []
    from_table = f"FROM jobs INDEXED BY jobs_by_end WHERE {MAY_EXPIRE}"
    for job_id, stored in db.execute(f"SELECT id, stored_bytes {from_table} ORDER BY ended_at, number"):
        if size <= 0:
            break
        found.append(job_id)
        size -= stored
    return found
