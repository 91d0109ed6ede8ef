"""What ``/proc`` says of a process: its memory, its children, its time."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
PROC = Path("/proc")
QUIET = 0.3
"""Seconds without any CPU time after which a process is held to be waiting."""


def rss(pid: int) -> int:
    """Resident memory of a process now, in bytes."""
    return _memory(pid, "VmRSS")


def peak(pid: int) -> int:
    """The most resident memory that a process has had since it began or since ``reset_peak``, in bytes."""
    return _memory(pid, "VmHWM")


def reset_peak(pid: int) -> None:
    """Let the kernel begin anew with the process's peak (``proc(5)``, ``clear_refs``)."""
    (PROC / str(pid) / "clear_refs").write_text("5")


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used, in seconds."""
    return _ticks(pid) / os.sysconf("SC_CLK_TCK")


def open_files(pid: int) -> int:
    """How many files, sockets and pipes a process has open."""
    return len(list((PROC / str(pid) / "fd").iterdir()))


def command_line(pid: int) -> str:
    """The arguments of a process, or nothing if it has gone or is a zombie."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def marked(marker: str) -> set[int]:
    """The live processes that have ``marker`` among their arguments."""
    return {pid for pid in _pids() if marker in command_line(pid)}


def shims(server: int) -> set[int]:
    """The shims of a server: those of its children that run the shim's program."""
    return {pid for pid in _children(server) if "shim" in command_line(pid)}


async def settled(pid: int) -> None:
    """Return once the process has used no CPU time for a while."""
    ticks, since = _ticks(pid), time.monotonic()
    while time.monotonic() - since < QUIET:
        await asyncio.sleep(0.02)
        if (now := _ticks(pid)) != ticks:
            ticks, since = now, time.monotonic()


@dataclass
class ShimPeak:
    """The most memory that was seen in any shim, in bytes."""

    bytes: int = 0


@contextmanager
def watched_shims(server: int) -> Iterator[ShimPeak]:
    """Follow the peak memory of the server's shims while the block runs.

    A thread looks, since the event loop may be busy decoding just when the shim is at its largest.
    """
    seen, over = ShimPeak(), threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            seen.bytes = max(seen.bytes, *(peak(pid) for pid in shims(server)), 0)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _memory(pid: int, key: str) -> int:
    try:
        status = (PROC / str(pid) / "status").read_text()
    except OSError:
        return 0
    sizes = [line.split()[1] for line in status.splitlines() if line.startswith(f"{key}:")]
    return int(sizes[0]) * 1024 if sizes else 0


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may hold blanks itself; nothing if the process has gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _children(pid: int) -> list[int]:
    """The children of all its threads; none if the process has gone."""
    try:
        lists = [file.read_text() for file in (PROC / str(pid) / "task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for children in lists for child in children.split()]


def _ticks(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12]) if fields else 0
