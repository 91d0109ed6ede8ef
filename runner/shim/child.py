"""Starts the command: its own session, two pipes, a given environment; and says why if it cannot."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import signal
from typing import NamedTuple

_STEPS = ("folder", "program")
# Eight times the usual: a fast writer and its reader then wake each other far less often, which was half of all
# the time. Not more, since the kernel counts what an ordinary user's pipes could hold (64 MiB in all, see pipe(7)).
PIPE_BYTES = 512 * 1024
_OPEN_FILES = 1024


class Child(NamedTuple):
    """A started command: its process and the reading ends of its pipes, not blocking."""

    pid: int
    stdout: int
    stderr: int


class NotStarted(Exception):
    """The command could not be started: at which step (``folder`` or ``program``), and the errno."""

    def __init__(self, step: str, errno: int) -> None:
        super().__init__(f"{step}: {os.strerror(errno)}")
        self.step = step
        self.errno = errno


def start(argv: list[str], env: dict[str, str], directory: str | None) -> Child:
    """Start ``argv`` without a shell; the program is looked up in ``env``'s PATH. Raises NotStarted.

    This process has one thread, so the child may run Python between fork and exec.
    """
    stdout, stdout_end = os.pipe2(os.O_CLOEXEC)
    stderr, stderr_end = os.pipe2(os.O_CLOEXEC)
    report, report_end = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if not pid:
        _become(argv, env, directory, (stdout_end, stderr_end, report_end))
    for end in (stdout_end, stderr_end, report_end):
        os.close(end)
    failure = os.read(report, 8)
    os.close(report)
    if failure:
        os.waitpid(pid, 0)
        raise NotStarted(_STEPS[failure[0]], int.from_bytes(failure[1:], "little"))
    for end in (stdout, stderr):
        os.set_blocking(end, False)
        _widen(end)
    return Child(pid, stdout, stderr)


def reset_signals() -> None:
    """Ignore and block nothing: what the server's own parent ignored, or Python does, is not the command's affair."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals():
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _widen(pipe: int) -> None:
    with contextlib.suppress(OSError):  # over the user's allowance: the usual size does as well
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _limit_open_files() -> None:
    """Give the usual soft limit back: the server raised its own, and select(2) breaks above it."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _become(argv: list[str], env: dict[str, str], directory: str | None, ends: tuple[int, int, int]) -> None:
    """In the child: turn into the command, or write step and errno to the report and leave."""
    stdout, stderr, report = ends
    step = 0
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        reset_signals()
        _limit_open_files()
        if directory is not None:
            os.chdir(directory)
        step = 1
        os.execvpe(argv[0], argv, env)  # nosec B606 # without a shell is the point
    except OSError as error:
        os.write(report, bytes([step]) + (error.errno or 0).to_bytes(4, "little"))
    except BaseException:  # noqa: BLE001 - whatever it is, a fork of the shim must never go on as a second shim
        os.write(report, bytes([step]) + (22).to_bytes(4, "little"))
    finally:
        os._exit(127)
