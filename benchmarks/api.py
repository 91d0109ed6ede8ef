"""A client of the JSON API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime

import msgspec

from benchmarks.connection import Connection
from benchmarks.table import Wrong

LIMIT = 20_000
WAIT = 30
LOOK = 0.05
"""Seconds between two looks at a job that nobody may read."""


class Unavailable(Wrong):
    """The server said that it cannot answer at the moment."""


class Line(msgspec.Struct, gc=False):
    """One line; its time is of no use here and is not decoded."""

    number: int
    stream: str
    text: str


class Lines(msgspec.Struct):
    """The answer of ``/lines``."""

    first: int | None
    next: int
    dropped: int
    lines: list[Line]
    revision: int
    state: str
    outcome: str | None


class JobRecord(msgspec.Struct):
    """The answer of ``/jobs/ID``, as far as the benchmarks use it."""

    id: str
    state: str
    outcome: str | None
    reason: str | None
    started_at: datetime | None
    ended_at: datetime | None
    lines: int
    bytes: int
    dropped: int
    queue_position: int | None
    expired_at: datetime | None

    @property
    def seconds(self) -> float:
        """From the start of the command to its end. Raises ``Wrong`` if it did not run."""
        if self.started_at is None or self.ended_at is None:
            raise Wrong(f"the job did not run: {self.outcome}, {self.reason}")
        return (self.ended_at - self.started_at).total_seconds()


_LINES = msgspec.json.Decoder(Lines)
_JOB = msgspec.json.Decoder(JobRecord)


class Api:
    """The JSON API over one connection. Raises ``Wrong`` when an answer has another status than it should."""

    def __init__(self, url: str, connection: Connection) -> None:
        self._url = url
        self.connection = connection

    @classmethod
    async def open(cls, url: str) -> Api:
        """Connect to the server of ``url``."""
        return cls(url, await Connection.open(url))

    async def reopen(self) -> None:
        """Hang up, whatever is under way, and connect again."""
        self.connection.close()
        self.connection = await Connection.open(self._url)

    async def start(self, command: str, parameters: Mapping[str, object] | None = None) -> str:
        """Start a job and return its id."""
        body = msgspec.json.encode({"command": command, "parameters": parameters or {}})
        return _JOB.decode(await self._ask("POST", "/api/v1/jobs", 201, body)).id

    async def job(self, job: str) -> JobRecord:
        """The job as it stands."""
        return _JOB.decode(await self._ask("GET", f"/api/v1/jobs/{job}", 200))

    async def lines(self, job: str, after: int, limit: int = LIMIT, wait: int = WAIT) -> Lines:
        """The lines after a cursor."""
        return _LINES.decode(await self._ask("GET", lines_path(job, after, limit, wait), 200))

    async def follow(self, job: str, after: int = 0) -> AsyncIterator[Lines]:
        """Every answer that has lines, until the job is finished and there are no more."""
        while True:
            answer = await self.lines(job, after)
            if answer.lines:
                yield answer
            elif answer.state == "finished":
                return
            after = answer.next

    async def finished(self, job: str) -> JobRecord:
        """The job once it is finished, without reading any of its lines."""
        while True:
            record = await self.job(job)
            if record.state == "finished":
                return record
            await asyncio.sleep(LOOK)

    async def stop(self, job: str, force: bool = False) -> None:
        """Ask a job to end."""
        await self._ask("POST", f"/api/v1/jobs/{job}/stop", 202, msgspec.json.encode({"force": force}))

    async def _ask(self, method: str, path: str, status: int, body: bytes = b"") -> bytes:
        response = await self.connection.request(method, path, body)
        if response.status != status:
            kind = Unavailable if response.status == 503 else Wrong
            raise kind(f"{method} {path} was answered with {response.status}: {response.body[:300]!r}")
        return response.body


def lines_path(job: str, after: int, limit: int = LIMIT, wait: int = WAIT) -> str:
    """The path and query that ask for lines."""
    return f"/api/v1/jobs/{job}/lines?after={after}&limit={limit}&wait={wait}"
