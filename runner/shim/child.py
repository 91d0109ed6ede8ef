"""Starts the command: its own session, two pipes, a given environment; and says why if it cannot."""

from __future__ import annotations

import os
import signal
from typing import NamedTuple

_STEPS = ("folder", "program")
_SIGNALS_TO_RESET = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP, signal.SIGINT)


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
    os.set_blocking(stdout, False)
    os.set_blocking(stderr, False)
    return Child(pid, stdout, stderr)


def _become(argv: list[str], env: dict[str, str], directory: str | None, ends: tuple[int, int, int]) -> None:
    """In the child: turn into the command, or write step and errno to the report and leave."""
    stdout, stderr, report = ends
    step = 0
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        for number in _SIGNALS_TO_RESET:
            signal.signal(number, signal.SIG_DFL)
        if directory is not None:
            os.chdir(directory)
        step = 1
        os.execvpe(argv[0], argv, env)
    except OSError as error:
        os.write(report, bytes([step]) + (error.errno or 0).to_bytes(4, "little"))
    except BaseException:  # whatever it is, a fork of the shim must never go on as a second shim
        os.write(report, bytes([step]) + (22).to_bytes(4, "little"))
    finally:
        os._exit(127)
