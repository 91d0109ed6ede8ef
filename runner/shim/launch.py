"""What the server tells a shim, and what the shim leaves behind: the launch and the exit record.

The launch goes through the shim's standard input, so that neither arguments nor environment of the
command touch the shim. ``marshal`` is both ends' own interpreter's and built in. The exit record is JSON,
written without ``json``, which each job would wait for: it has only numbers and fixed words.
"""

from __future__ import annotations

import marshal
import os
import signal
import time
from typing import NamedTuple

from runner.shim.child import NotStarted
from runner.shim.frames import EXIT_FILE, EXIT_SIZE, Progress
from runner.shim.supervisor import CAUSES, End


class Launch(NamedTuple):
    """How to run one job. ``server`` is the server's pid, or 0 if the job outlives it; times in seconds.

    ``lock`` is the inherited descriptor that holds the job's lock for as long as the shim lives.
    """

    job_id: str
    doorbell: str
    server: int
    lock: int
    argv: list[str]
    env: dict[str, str]
    directory: str
    timeout: float | None
    stop_grace: float
    max_bytes: int
    max_lines: int


def pack_launch(launch: Launch) -> bytes:
    """The bytes for the shim's standard input."""
    return marshal.dumps(tuple(launch))


def unpack_launch(data: bytes) -> Launch:
    """The launch that ``pack_launch`` packed."""
    return Launch._make(marshal.loads(data))  # nosec B302 # noqa: S302 - written by the server that started this process


def reserve_exit_record() -> None:
    """Take the room for the exit record now, so that a full disk cannot swallow it later."""
    fd = os.open(EXIT_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    os.write(fd, b" " * EXIT_SIZE)
    os.close(fd)


def write_end(end: End, progress: Progress, timeout: float | None, ended_at: float) -> None:
    """Write down how a started command ended (``ended_at``: wall clock, seconds)."""
    exit_code = os.WEXITSTATUS(end.status) if os.WIFEXITED(end.status) else None
    number = os.WTERMSIG(end.status) if os.WIFSIGNALED(end.status) else None
    _write_exit_record(
        {
            "cause": CAUSES[end.cause],
            "timeout": timeout,
            "server_gone": int(end.server_gone),
            "exit_code": exit_code,
            "signal": number,
            "signal_name": _signal_name(number) if number else None,
            "background": end.background,
            "survivors": end.survivors,
            "started_at": progress.started_at,
            "ended_at": ended_at,
            "duration": round(time.monotonic() - progress.started_clock, 6),
            "lines": progress.lines,
            "bytes": progress.output_bytes,
            "dropped": progress.dropped_lines,
        }
    )


def write_not_started(problem: NotStarted, ended_at: float) -> None:
    """Write down why a command could not be started."""
    _write_exit_record({"failed_step": problem.step, "errno": problem.errno, "ended_at": ended_at})


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"  # a real-time signal has no name of its own


def _write_exit_record(values: dict[str, float | int | str | None]) -> None:
    """One JSON object, over the reserved room in one write. Strings here are plain words."""
    fields = (f'"{name}":{_json(value)}' for name, value in values.items())
    fd = os.open(EXIT_FILE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.pwrite(fd, ("{" + ",".join(fields) + "}").encode().ljust(EXIT_SIZE), 0)
    os.close(fd)


def _json(value: float | int | str | None) -> str:
    if value is None:
        return "null"
    return f'"{value}"' if isinstance(value, str) else repr(value)
