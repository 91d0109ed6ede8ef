"""The shim's loop: reads the pipes, writes the spool, obeys stop and timeout, and decides the end.

The end is decided by the kernel: the command was waited for, nothing is left below this process
(ECHILD), and the pipes are read until they are empty. Nothing is guessed by waiting.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from runner.shim import tree
from runner.shim.child import PIPE_BYTES, Child
from runner.shim.frames import CONTROL_FILE
from runner.shim.writer import FRAME_BYTES, STDERR, STDOUT, SpoolWriter

FLUSH_S = 0.005
# All that a pipe holds, in one call: a writer that waits for room is woken once for it, and waking is dear.
# While the other pipe waits as well, less at a time: so the two stay nearer to the order in which they were written.
_READ_BYTES = PIPE_BYTES
_SHARED_READ_BYTES = FRAME_BYTES
_KILL_PATIENCE_S = 10.0
_GROUP_CHECK_S = 0.02
_NEVER = float("inf")

STOPPED, TIMED_OUT = 1, 2
CAUSES = ("", "stopped", "timed_out")


class Limits(NamedTuple):
    """Seconds: how long the command may run (None: for ever), and from SIGTERM to SIGKILL."""

    timeout: float | None
    stop_grace: float


class End(NamedTuple):
    """How it went: ``status`` as from waitpid, the first cause to end it (0: its own), and what was left."""

    status: int
    cause: int
    server_gone: bool
    background: int
    survivors: int


class Supervisor:
    """Sees one started command through to its end."""

    def __init__(self, child: Child, writer: SpoolWriter, limits: Limits, doorbell: Doorbell) -> None:
        self._child = child
        self._writer = writer
        self._grace = limits.stop_grace
        self._doorbell = doorbell
        self._status: int | None = None
        self._cause = 0
        self._server_gone = False
        self._timeout_at = _NEVER if limits.timeout is None else time.monotonic() + limits.timeout
        self._kill_at = _NEVER
        self._flushed_at = 0.0
        self._buffer = memoryview(bytearray(_READ_BYTES))
        self._read_bytes = _READ_BYTES
        self._poller = select.poll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._on_readable(child.stdout, lambda: self._read(child.stdout, STDOUT))
        self._on_readable(child.stderr, lambda: self._read(child.stderr, STDERR))
        self._on_readable(_signal_pipe(), self._obey_signals)
        # Opened for both, so that it never reaches its end while the server is away.
        control = os.open(CONTROL_FILE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._on_readable(control, lambda: self._obey(os.read(control, 4096)))

    def end_with(self, server: int) -> None:
        """End the tree at once when the process of this pidfd is gone."""
        self._on_readable(server, lambda: self._lose_server(server))

    def run(self) -> End:
        """Until the command has ended and nothing is left of it."""
        tree.reap(self._reaped)  # it may have ended before anybody listened for its signal
        while self._status is None or self._group_may_finish():
            now = time.monotonic()
            ready = self._poller.poll(max(0.0, self._next_moment() - now) * 1000 + 0.5)
            self._read_bytes = _READ_BYTES if len(ready) == 1 else _SHARED_READ_BYTES
            for fd, _events in ready:
                handler = self._handlers.get(fd)
                if handler:
                    handler()
            self._keep_time(time.monotonic())
        tree.reap(self._reaped)
        background = sum(1 for _ in tree.descendants(os.getpid()))
        survivors = tree.kill_descendants(self._reaped, _KILL_PATIENCE_S)
        self._drain()
        return End(self._status, self._cause, self._server_gone, background, survivors)

    def _on_readable(self, fd: int, handler: Callable[[], None]) -> None:
        self._handlers[fd] = handler
        self._poller.register(fd, select.POLLIN)

    def _forget(self, fd: int) -> None:
        self._poller.unregister(fd)
        del self._handlers[fd]

    def _read(self, fd: int, stream: int) -> None:
        with contextlib.suppress(BlockingIOError):  # the command opened its own output and read it away
            if not self._take(fd, stream):
                self._forget(fd)

    def _take(self, fd: int, stream: int) -> int:
        """Read once and give it to the writer, a frame at a time; how many bytes. Raises BlockingIOError."""
        size = os.readv(fd, (self._buffer[: self._read_bytes],))
        for at in range(0, size, FRAME_BYTES):
            self._writer.write(stream, bytes(self._buffer[at : min(at + FRAME_BYTES, size)]))
            if self._writer.pending >= FRAME_BYTES:
                self._flush()
        return size

    def _flush(self) -> None:
        self._writer.flush(time.time())
        self._doorbell.owed = True

    def _drain(self) -> None:
        """Read what the pipes still hold. All writers are gone, so this ends."""
        self._read_bytes = _SHARED_READ_BYTES
        full = {self._child.stdout: STDOUT, self._child.stderr: STDERR}
        while full:
            for fd, stream in tuple(full.items()):
                try:
                    more = self._take(fd, stream)
                except BlockingIOError:
                    more = 0
                if not more:
                    del full[fd]

    def _next_moment(self) -> float:
        """When something is due even if nothing happens, by the monotonic clock."""
        moment = min(self._timeout_at, self._kill_at)
        if self._writer.pending or self._doorbell.owed:
            moment = min(moment, self._flushed_at + FLUSH_S)
        if self._status is not None:
            moment = min(moment, time.monotonic() + _GROUP_CHECK_S)
        return min(moment, time.monotonic() + 3600)

    def _keep_time(self, now: float) -> None:
        flush_is_due = now - self._flushed_at >= FLUSH_S
        if self._writer.pending and flush_is_due:
            self._flush()
        if flush_is_due and self._doorbell.owed:
            self._flushed_at = now
            self._announce()
        if now >= self._timeout_at:
            self._timeout_at = _NEVER
            self._terminate(TIMED_OUT)
        if now >= self._kill_at:
            self._kill_at = _NEVER
            self._kill()

    def _announce(self) -> None:
        self._writer.publish()
        self._doorbell.ring()

    def _obey(self, words: bytes) -> None:
        for word in words.split():
            if word == b"stop":
                self._terminate(STOPPED)
            elif word == b"kill":
                self._give_cause(STOPPED)
                self._kill()

    def _obey_signals(self) -> None:
        numbers = os.read(_signal_reader, 512)
        if signal.SIGTERM in numbers:
            self._terminate(STOPPED)
        tree.reap(self._reaped)

    def _lose_server(self, server: int) -> None:
        self._forget(server)
        self._server_gone = True
        self._give_cause(STOPPED)
        self._kill()

    def _give_cause(self, cause: int) -> None:
        """The first cause counts; once the command has ended by itself there is none any more."""
        if self._status is None and not self._cause:
            self._cause = cause
            self._writer.progress = self._writer.progress._replace(stopping=cause)
            self._announce()

    def _terminate(self, cause: int) -> None:
        """SIGTERM to the group now, SIGKILL to everything after the grace time."""
        self._give_cause(cause)
        if self._kill_at == _NEVER:
            self._kill_at = time.monotonic() + self._grace
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGTERM)
                os.killpg(self._child.pid, signal.SIGCONT)  # a stopped process would not hear the first

    def _kill(self) -> None:
        tree.kill_descendants(self._reaped, _KILL_PATIENCE_S)

    def _reaped(self, pid: int, status: int) -> None:
        if pid == self._child.pid:
            self._status = status

    def _group_may_finish(self) -> bool:
        """Whether others in the command's group still have grace time to end by themselves."""
        if self._kill_at == _NEVER:
            return False
        try:
            os.killpg(self._child.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


class Doorbell:
    """Tells the server that a job has more. A server that is away or busy is told later, or looks by itself."""

    def __init__(self, path: str, job_id: str) -> None:
        self._path = path
        self._job_id = job_id.encode()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self.owed = False

    def ring(self) -> None:
        """Ring once; still owed if the bell's queue was full (the kernel holds as few as ten)."""
        self.owed = False
        try:
            self._socket.sendto(self._job_id, self._path)
        except BlockingIOError:
            self.owed = True
        except OSError:
            pass  # no server there: the next one looks at the files


_signal_reader = -1


def _signal_pipe() -> int:
    """A pipe that is readable when SIGCHLD or SIGTERM came; its bytes are the signals' numbers."""
    global _signal_reader
    if _signal_reader < 0:
        _signal_reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
    return _signal_reader
