"""Ends a whole process tree for certain: every descendant is killed until the kernel says there is none.

The caller is a child subreaper (prctl(2)), so each orphan below it becomes its child, also one that called
setsid, forked twice or cleared its environment. ``waitpid`` answering ECHILD is then the proof that none is left.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator

_PR_SET_CHILD_SUBREAPER = 36
_ROUND_S = 0.001


def become_subreaper() -> None:
    """Make orphaned descendants fall to this process instead of init. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def children(pid: int) -> list[int]:
    """The processes whose parent is ``pid``; none if it is gone."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def descendants(pid: int) -> Iterator[int]:
    """Every process below ``pid``, parents before their children."""
    waiting = children(pid)
    while waiting:
        below = waiting.pop()
        yield below
        waiting += children(below)


def kill(pid: int, parent_of: Callable[[int], int | None]) -> None:
    """SIGKILL one process, if it still is the one that was meant (a number alone may have been reused)."""
    parent = parent_of(pid)
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if parent is not None and parent_of(pid) == parent:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # gone already, or another user's: the caller's rounds notice what is left
    finally:
        os.close(handle)


def parent_of(pid: int) -> int | None:
    """The parent of a process, or None if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def kill_descendants(reaped: Callable[[int, int], None], patience: float) -> int:
    """SIGKILL everything below this process until nothing is; how many are left after ``patience`` seconds.

    ``reaped(pid, status)`` is called for each child that was waited for. The answer is 0 unless
    something cannot be killed (another user's process, or one stuck in the kernel).
    """
    deadline = time.monotonic() + patience
    while True:
        for pid in descendants(os.getpid()):
            kill(pid, parent_of)
        if reap(reaped):
            return 0
        if time.monotonic() > deadline:
            return sum(1 for _ in descendants(os.getpid()))
        time.sleep(_ROUND_S)


def reap(reaped: Callable[[int, int], None]) -> bool:
    """Wait for every child that has ended; True if there are no children at all (ECHILD)."""
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return False
            reaped(pid, status)
    except ChildProcessError:
        return True
