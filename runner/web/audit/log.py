"""The audit's file: lines are added to it, and nothing else ever happens to it."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runner.errors import LinefeedError
from runner.web.audit.entry import Entry, Result, What, line_of, stamp
from runner.web.audit.refusals import Minute

MOST_BYTES = 1 << 30
"""A file larger than this takes no refusals any more."""

REFUSAL_BYTES = 16 << 10
"""A refusal's line is no longer: its parameters may be those of anybody."""

MINUTE_S = 60.0

_LOCK_S = 0.25
_LOOK_EACH_S = 0.0005

# Not held open, so that whoever renames the file (logrotate) gets a new one at once. O_NONBLOCK: whatever is in
# its place, nobody waits for it.
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK

_log = logging.getLogger("linefeed")


class AuditFailed(LinefeedError):
    """The audit cannot be written, or not be read; ``doing`` says which."""

    def __init__(self, doing: str, error: OSError) -> None:
        super().__init__(f"The audit could not be {doing}: {error.strerror or error}.")
        self.doing = doing


class AuditLog:
    """The append-only file at ``path``, one entry a line, made with mode 0600.

    Linefeed never deletes or shortens it; it may be renamed at any time. Refusals, which anybody can cause, are
    bounded: in number (``runner.web.audit.refusals``), and once the file is over ``MOST_BYTES`` none are written any
    more. What signed-in people do is always written. For the event loop's thread; each write is whole, whoever else
    writes to the file.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._clock = clock
        self._minute: Minute | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._untold = 0
        self._quiet_until = float("-inf")

    def write(self, entry: Entry) -> None:
        """Add an entry to the file: in the kernel's hands when this returns. Raises AuditFailed if it is not there."""
        try:
            append(self.path, line_of(entry))
        except OSError as error:
            self._complain(error.strerror or str(error))
            raise AuditFailed("written", error) from error

    def write_refusal(self, entry: Entry) -> None:
        """Add a refusal, or only count it; never raises. The count is told when a minute is over."""
        if self._minute is None:
            self._minute = Minute()
            self._timer = asyncio.get_running_loop().call_later(MINUTE_S, self.end_minute)
        taken = self._minute.takes(entry.address, self._clock())
        if not (taken and self._try(line_of(entry, REFUSAL_BYTES))):
            self._minute.missed += 1

    def end_minute(self) -> None:
        """Tell how many refusals were not written, and begin to count anew."""
        self._untold += self._minute.missed if self._minute else 0
        self._minute = None
        if self._untold:
            refusals = "1 more refusal was" if self._untold == 1 else f"{self._untold:,} more refusals were"
            told = Entry(
                time=stamp(time.time()), what=What.REFUSED, result=Result.REFUSED, reason=f"{refusals} not written."
            )
            self._untold = 0 if self._try(line_of(told)) else self._untold

    def close(self) -> None:
        """Tell what is still to be told."""
        if self._timer is not None:
            self._timer.cancel()
        self.end_minute()

    def _try(self, line: bytes) -> bool:
        try:
            if append(self.path, line, MOST_BYTES):
                return True
            self._complain(f"it is larger than {MOST_BYTES:,} bytes and takes no refusals any more")
        except OSError as error:
            self._complain(error.strerror or str(error))
        return False

    def _complain(self, reason: str) -> None:
        """Into the server's log, once a minute."""
        now = self._clock()
        if now >= self._quiet_until:
            self._quiet_until = now + MINUTE_S
            _log.error("the audit %s cannot be written: %s", self.path, reason)


def append(path: Path, line: bytes, most: int | None = None) -> bool:
    """Add a line, all of it or nothing; False if the file has ``most`` bytes already. Raises OSError."""
    with _opened(path) as fd:
        _lock(fd)
        state = os.fstat(fd)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")  # but a pipe or /dev/null, which keeps nothing
        size = state.st_size
        if most is not None and size >= most:
            return False
        # The last line may be torn: the machine lost its power, or what was written of it could not be cut off.
        torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
        data = b"\n" + line if torn else line
        if os.write(fd, data) < len(data):
            with suppress(OSError):
                os.ftruncate(fd, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return True


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    fd = os.open(path, _FLAGS, 0o600)
    try:
        yield fd
    finally:
        os.close(fd)


def _lock(fd: int) -> None:
    """Keep other processes from writing until ``fd`` is closed: a torn piece can be cut off only if it is the last."""
    give_up_at = time.monotonic() + _LOCK_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # for as long as the other one writes a line
            if time.monotonic() > give_up_at:
                raise
            time.sleep(_LOOK_EACH_S)
        else:
            return
