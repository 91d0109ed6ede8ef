"""A small file that only its owner may read: looked at again when it changed, replaced whole, locked against others."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

MOST_BYTES = 16 << 20
"""The largest such file."""

SETTLED_NS = 50_000_000
"""A file changed less than so long ago may change again without its times saying so: the kernel's clock has steps."""

_Stamp: TypeAlias = tuple[int, ...]


class SecretsFile:
    """One such file, which may not be there. Made with mode 0600. Methods raise OSError as the file system does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: _Stamp | None = None

    def changed(self) -> bool:
        """Whether the file may be another than at the last call; true at the first. One ``stat``."""
        stamp, settled = self._stamp()
        same = stamp == self._seen
        self._seen = stamp if settled else None
        return not same

    def read(self) -> bytes:
        """All of it. Raises OSError also if it is no plain file, or too large."""
        fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(fd, "rb") as opened:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise OSError(errno.EINVAL, "is no plain file", str(self.path))
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise OSError(errno.EFBIG, f"is larger than {MOST_BYTES >> 20} MiB", str(self.path))
        return content

    def exposed(self) -> bool:
        """Whether others can read or change it; a group may read it."""
        with suppress(OSError):
            return bool(self.path.stat().st_mode & 0o027)
        return False

    def replace(self, content: bytes) -> None:
        """Put ``content`` in its place, whole or not at all, on the disk when this returns.

        One writer at a time: see ``locked``. The owner and group stay. A new file gets those of its folder if this
        process may give it away, so that what root makes for a server of its own user can be read by that server.
        """
        beside = self.path.with_name(f".{self.path.name}.new")
        beside.unlink(missing_ok=True)  # of a writer that was killed
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with open(fd, "wb") as opened:
                self._take_after_the_old_one(fd)
                opened.write(content)
                opened.flush()
                os.fsync(fd)
            beside.replace(self.path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        self._sync_folder()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone among the writers, of other processes too, until the end; waits. Makes an empty file if there is none.

        The file itself is locked, not one beside it: who may not open it cannot hold up those who may.
        """
        fd = self._lock()
        try:
            yield
        finally:
            os.close(fd)

    def _lock(self) -> int:
        while True:
            fd = self._open()
            fcntl.flock(fd, fcntl.LOCK_EX)
            if self._is_still_there(fd):
                return fd
            os.close(fd)  # it was replaced while this one waited: the lock of the old file excludes nobody

    def _open(self) -> int:
        if self.path.is_symlink():
            raise OSError(errno.ELOOP, "is a symbolic link; name the file itself", str(self.path))
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        with suppress(FileNotFoundError):
            return os.open(self.path, flags)
        try:
            fd = os.open(self.path, flags | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another writer made it just now
            return os.open(self.path, flags)
        self._take_after(os.stat(self.path.parent), fd)
        return fd

    def _is_still_there(self, fd: int) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(fd), os.stat(self.path))
        return False

    def _take_after_the_old_one(self, fd: int) -> None:
        with suppress(FileNotFoundError):
            old = os.stat(self.path)
            if self._take_after(old, fd):
                os.fchmod(fd, old.st_mode & 0o040 | 0o600)  # a group that could read it still can, nobody else
            return
        self._take_after(os.stat(self.path.parent), fd)

    @staticmethod
    def _take_after(model: os.stat_result, fd: int) -> bool:
        with suppress(PermissionError):
            os.fchown(fd, model.st_uid, model.st_gid)
            return True
        return False

    def _sync_folder(self) -> None:
        fd = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def _stamp(self) -> tuple[_Stamp, bool]:
        """What tells one state of the file from another, and whether the next change is sure to show in it."""
        try:
            found = os.stat(self.path)
        except OSError as error:
            return (error.errno or 0,), True
        stamp = (found.st_ino, found.st_dev, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_mode)
        return stamp, time.time_ns() - found.st_ctime_ns > SETTLED_NS
