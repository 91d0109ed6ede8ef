"""A real file system of a few MiB that can be filled to the last byte and freed again."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.table import Wrong

SHARED_MEMORY = Path("/dev/shm")
MOST_MIB = 256
"""A shared memory file system larger than this is not filled up."""

MOUNT = 'mount -t tmpfs -o "size=$1" linefeed "$2" && echo ready && exec sleep 1000000'


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """``path`` is its place for a process that is begun with ``launcher``; ``outside`` the same place for this one."""

    launcher: tuple[str, ...]
    path: str
    outside: Path

    def fill(self) -> None:
        """Leave no byte free."""
        with (self.outside / "ballast").open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                _write_all(file.fileno(), bytes(size))

    def free(self) -> None:
        """Give all of it back."""
        (self.outside / "ballast").unlink()


@asynccontextmanager
async def small_disk(mib: int) -> AsyncIterator[SmallDisk]:
    """A disk of its own in a mount namespace of its own; elsewhere a container's own small shared memory.

    Raises ``Wrong`` where neither can be had.
    """
    with tempfile.TemporaryDirectory(prefix="linefeed-disk-") as folder:
        for flags in (("-m",), ("-U", "-r", "-m")):
            holder = await _mounted(flags, mib, folder)
            if holder is not None:
                enter = ("--user", "--preserve-credentials") if "-U" in flags else ()
                launcher = ("nsenter", "--target", str(holder.pid), *enter, "--mount", "--")
                try:
                    yield SmallDisk(launcher, folder, Path(f"/proc/{holder.pid}/root{folder}"))
                finally:
                    holder.kill()
                    await holder.wait()
                return
    with _in_shared_memory() as disk:
        yield disk


async def _mounted(flags: tuple[str, ...], mib: int, folder: str) -> asyncio.subprocess.Process | None:
    """A process in whose namespace the disk is mounted; None if that is not allowed here."""
    words = ("unshare", *flags, "sh", "-c", MOUNT, "sh", f"{mib}m", folder)
    pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*words, stdout=pipe, stderr=null)
    if process.stdout is not None and await process.stdout.readline() == b"ready\n":
        return process
    await process.wait()
    return None


@contextmanager
def _in_shared_memory() -> Iterator[SmallDisk]:
    free = shutil.disk_usage(SHARED_MEMORY).free
    if free > MOST_MIB << 20:
        raise Wrong("no small file system can be had: neither root nor user namespaces may mount one here")
    with tempfile.TemporaryDirectory(prefix="linefeed-disk-", dir=SHARED_MEMORY) as folder:
        yield SmallDisk((), folder, Path(folder))


def _write_all(fd: int, data: bytes) -> None:
    """Until not one more byte is taken."""
    try:
        while os.write(fd, data):
            pass
    except OSError:
        return
