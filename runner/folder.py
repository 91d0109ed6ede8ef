"""A job's folder: the truth about one job. What was asked stands in ``job.json`` before anything is spawned.

Beside it are the spool (``progress``, ``*.seg``), the FIFO ``control`` and, at the end, ``exit.json``.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from runner.job import Job, Queued, is_id
from runner.shim.frames import CONTROL_FILE, EXIT_FILE, LOCK_FILE, PROGRESS_FILE

T = TypeVar("T")

_REQUEST_FILE = "job.json"


class Request(msgspec.Struct, frozen=True):
    """What was asked, as it stands in ``job.json``: everything about a job that never changes."""

    id: str
    command: str
    title: str
    argv: tuple[str, ...]
    parameters: dict[str, Any]
    queued_at: float
    keep: bool = False
    owner: str = ""

    def job(self) -> Job:
        """The job as it was when it was asked for."""
        return Job(
            self.id,
            self.command,
            self.title,
            self.argv,
            self.parameters,
            self.queued_at,
            Queued(0),
            keep=self.keep,
            owner=self.owner,
        )

    @staticmethod
    def of(job: Job) -> Request:
        """What was asked with this job."""
        return Request(
            job.id,
            job.command,
            job.title,
            job.argv,
            dict(job.parameters),
            job.queued_at,
            job.keep,
            job.owner,
        )


class ExitRecord(msgspec.Struct, frozen=True):
    """How a job ended, as the shim wrote it down; times in seconds. A job that was not started has ``failed_step``."""

    ended_at: float
    started_at: float | None = None
    duration: float | None = None
    cause: str = ""
    timeout: float | None = None
    server_gone: int = 0
    exit_code: int | None = None
    signal: int | None = None
    signal_name: str | None = None
    background: int = 0
    survivors: int = 0
    lines: int = 0
    bytes: int = 0
    dropped: int = 0
    failed_step: str | None = None
    errno: int = 0


class JobFolder:
    """One job's folder below the data folder. Methods raise OSError as the file system does."""

    def __init__(self, jobs: Path, job_id: str) -> None:
        self.path = jobs / job_id

    def make(self, job: Job) -> None:
        """Make it, with what was asked and the FIFO. Nothing of it is left behind if that fails."""
        request = msgspec.json.encode(Request.of(job))
        self.path.mkdir(mode=0o700)
        try:
            os.mkfifo(self.path / CONTROL_FILE, 0o600)
            half = self.path / (_REQUEST_FILE + ".half")
            with open(half, "xb", opener=for_the_owner) as opened:
                opened.write(request)
            half.rename(self.path / _REQUEST_FILE)
        except OSError:
            self.remove()
            raise

    def request(self) -> Request | None:
        """What was asked, or None if the folder is gone or half made."""
        return _decode(self.path / _REQUEST_FILE, Request)

    def exit_record(self) -> ExitRecord | None:
        """How the job ended, or None if nobody wrote that down."""
        return _decode(self.path / EXIT_FILE, ExitRecord)

    def lock(self) -> int | None:
        """Take the job's lock: a descriptor that holds it, or None while its shim does, and so is alive.

        The kernel gives it back when the last process that holds the descriptor ends, however it ends; a
        number of a process would prove nothing after a restart.
        """
        return take_lock(self.path / LOCK_FILE)

    def alive(self) -> bool:
        """Whether the job's shim is running."""
        held = self.lock()
        if held is not None:
            os.close(held)
        return held is None

    def launched(self) -> bool:
        """Whether its shim came as far as making the spool, so that its command may have run."""
        return (self.path / PROGRESS_FILE).exists()

    def size(self) -> int:
        """Bytes that its files take."""
        try:
            return sum(entry.stat().st_size for entry in os.scandir(self.path))
        except FileNotFoundError:
            return 0

    def remove(self) -> None:
        """Delete it with everything in it; nothing happens if it is gone."""
        shutil.rmtree(self.path, ignore_errors=True)


def take_lock(path: Path) -> int | None:
    """Make the file if need be and lock it: a descriptor that holds the lock, or None if another process does."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def job_ids(jobs: Path) -> Iterator[str]:
    """The ids of all jobs that have a folder."""
    return (entry.name for entry in os.scandir(jobs) if is_id(entry.name))


def for_the_owner(path: str, flags: int) -> int:
    """An ``opener`` for ``open``: what it makes has mode 0600."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _decode(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None
