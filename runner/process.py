"""Starts and stops one shim, and ends what a killed shim left behind. The only room here with process ids."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import subprocess  # nosec B404 # to start the shim is what this room is for
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

from runner.folder import JobFolder, for_the_owner
from runner.shim import tree
from runner.shim.frames import CONTROL_FILE
from runner.shim.launch import Launch, pack_launch
from runner.spool import Spool

MARKER = "LINEFEED_JOB"
"""The environment variable by which a job's processes are found again."""

_SHIM = str(Path(__file__).parent / "shim")
_LEFTOVER_PATIENCE_S = 5.0
_ROUND_S = 0.005
_QUIET_ROUNDS = 3
"""Looks in a row that must find nothing: /proc may leave out a child while others come and go (proc(5))."""

# A thread that looks for orphans must not see a shim before it is known as one.
_children_lock = threading.Lock()
_our_children: set[int] = set()
_is_subreaper = False


def become_subreaper() -> None:
    """Let the children of a killed shim fall to this process, so that they can be ended.

    Only for a process whose every child is a shim: any other child is taken for such a leftover.
    """
    global _is_subreaper  # noqa: PLW0603 - it is a fact about the process, as the kernel keeps it
    tree.become_subreaper()
    _is_subreaper = True


class ShimProcess:
    """One running shim. ``on_exit`` is called once, on the event loop, when its process has ended."""

    def __init__(self, folder: JobFolder, find: Callable[[], int], on_exit: Callable[[], None]) -> None:
        """Follow the process that ``find`` starts or names, which must be the folder's shim. Raises OSError."""
        # Held open for both ends: a stop sent before the shim listens waits in the FIFO. Opened before there is
        # a process: with no descriptor left nothing is started that nobody could follow.
        self._control = os.open(folder.path / CONTROL_FILE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self._pid = find()
            self._pidfd = os.pidfd_open(self._pid)
        except OSError:
            os.close(self._control)
            raise
        self._on_exit = on_exit
        asyncio.get_running_loop().add_reader(self._pidfd, self._ended)

    def stop(self, force: bool) -> None:
        """Ask the shim to end its tree: SIGTERM and the grace time, or SIGKILL at once."""
        with contextlib.suppress(BlockingIOError):  # full of earlier requests to do the same
            os.write(self._control, b"kill\n" if force else b"stop\n")

    def leave(self) -> None:
        """Follow it no longer and let it run."""
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        os.close(self._control)

    def _ended(self) -> None:
        self.leave()
        with contextlib.suppress(ChildProcessError):  # an adopted shim is an earlier server's child
            os.waitpid(self._pid, 0)
        _our_children.discard(self._pid)
        self._on_exit()


def spawn(folder: JobFolder, launch: Launch) -> int:
    """Start a job's shim; its pid. The shim takes over the job's lock. Raises OSError."""
    # In memory and not a pipe: a launch of any length is there at once, and nobody waits for its reader.
    order = os.memfd_create("launch")
    lock = None
    try:
        lock = folder.lock()
        if lock is None:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        os.write(order, pack_launch(launch._replace(lock=lock)))
        os.lseek(order, 0, os.SEEK_SET)
        with open(folder.path / "shim.log", "wb", opener=for_the_owner) as log, _children_lock:
            return _spawn([sys.executable, "-I", "-S", _SHIM, str(folder.path)], order, log, lock)
    finally:
        os.close(order)
        if lock is not None:
            os.close(lock)


def _spawn(argv: list[str], stdin: int, log: IO[bytes], lock: int) -> int:
    process = subprocess.Popen(  # nosec B603 # our own shim, no shell
        argv,
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        stderr=log,
        env={},
        pass_fds=(lock,),
        start_new_session=True,
    )
    _our_children.add(process.pid)
    # Waited for by ShimProcess, through its pidfd; or by nobody, if the job goes on without this server.
    process.returncode = 0
    return process.pid


async def adopt(folder: JobFolder, on_exit: Callable[[], None]) -> ShimProcess | None:
    """Follow the shim of an earlier server; None if it is gone. Waits until it has said its pid."""
    while folder.alive():
        spool = Spool(folder.path)
        spool.refresh()
        if spool.progress.pid:
            with contextlib.suppress(ProcessLookupError):
                shim = ShimProcess(folder, partial(int, spool.progress.pid), on_exit)
                # Still alive after its pidfd was open: the pid was its own.
                if folder.alive():
                    return shim
                shim.leave()
        await asyncio.sleep(_ROUND_S)
    return None


def end_leftovers(job_id: str) -> int:
    """SIGKILL what is left of a job whose shim is gone; how many processes it still found at the end.

    Takes the marked processes and, in a subreaper, the orphans that fell to it. Blocks; call it in a thread.
    """
    deadline = time.monotonic() + _LEFTOVER_PATIENCE_S
    quiet_rounds = 0
    while quiet_rounds < _QUIET_ROUNDS:
        alive, ended = _orphans()
        alive += _marked(job_id)
        for pid in alive:
            tree.kill(pid, tree.parent_of)
        # One that has ended may have left a child, which fell to this process after it was looked at.
        quiet_rounds = 0 if alive or ended else quiet_rounds + 1
        if time.monotonic() > deadline:
            return len(alive)
        time.sleep(_ROUND_S)
    return 0


def _orphans() -> tuple[list[int], int]:
    """Living processes below this one that no living shim owns, and how many had ended and were waited for."""
    if not _is_subreaper:
        return [], 0
    with _children_lock:
        orphans = set(tree.children(os.getpid())) - _our_children
    alive: list[int] = []
    ended = 0
    for pid in orphans:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0]:
                ended += 1
                continue
        alive += [pid, *tree.descendants(pid)]
    return alive, ended


def _marked(job_id: str) -> list[int]:
    """Processes with the job's marker in their environment."""
    mark = f"{MARKER}={job_id}".encode()
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if mark in file.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            continue  # gone meanwhile, or another user's and so not this job's
    return found
