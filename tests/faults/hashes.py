"""How many passwords a server hashes at a time, seen from outside: by its threads and by its memory."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from argon2.profiles import RFC_9106_LOW_MEMORY

LOOK = 0.02
"""Seconds between two looks."""

THREADS = 1 + RFC_9106_LOW_MEMORY.parallelism
"""Of one hash: the worker that waits for it, and one for each of its lanes."""

BLOCK = RFC_9106_LOW_MEMORY.memory_cost << 10
"""Bytes that one hash takes, mapped for it alone."""

_NICE = 16
"""The place of the nice value among what stands behind the name in ``stat`` (``proc(5)``)."""


@dataclass
class Hashes:
    """The most hashes that were seen together."""

    at_once: int = 0


@contextmanager
def watched_hashes(server: int) -> Iterator[Hashes]:
    """Count them while the block runs: a thread looks, since the event loop may be busy.

    Both ways of counting may see one too many: a lane that is over may still be leaving, and other memory may lie
    beside a block. So the smaller number of each look counts.
    """
    seen, over = Hashes(), threading.Event()
    usual = _blocks(server)

    def watch() -> None:
        while not over.wait(LOOK):
            by_threads = math.ceil(_standing_back(server) / THREADS)
            seen.at_once = max(seen.at_once, min(by_threads, _blocks(server) - usual))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _standing_back(server: int) -> int:
    """Threads that stand back behind the server's first one, as those of hashes do."""
    tasks = Path(f"/proc/{server}/task")
    own = _nice(tasks / str(server))
    return sum(_nice(task) > own for task in tasks.iterdir())


def _nice(task: Path) -> int:
    """Of a thread; below all others if it has ended meanwhile."""
    with suppress(OSError):
        return int((task / "stat").read_text().rpartition(")")[2].split()[_NICE])
    return -100


def _blocks(server: int) -> int:
    """Blocks of a hash's size in the memory that belongs to no file."""
    mappings = (line.split() for line in Path(f"/proc/{server}/maps").read_text().splitlines())
    return sum(_size(fields[0]) // BLOCK for fields in mappings if len(fields) == 5 and fields[1] == "rw-p")


def _size(addresses: str) -> int:
    begin, _, end = addresses.partition("-")
    return int(end, 16) - int(begin, 16)
