"""Processes of the machine, found by a mark among their arguments; and trees that are hard to end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from runner.catalogue import Command
from tests.support.commands import command

HOSTILE = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
STAY = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
for kind in range(3):
    if os.fork() == 0:
        if kind > 0:
            os.setsid()
        if kind > 1 and os.fork():
            os._exit(0)
        os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", STAY, sys.argv[1]], {})
while True:
    signal.pause()
"""
"""Forks, calls setsid, forks twice, ignores SIGTERM and clears its environment; each leaf says ``up``."""

LEAVES = 3
"""How many processes ``HOSTILE`` has below itself."""


def hostile_words(mark: str) -> list[str]:
    """The argv, as a catalogue has it, of a hostile tree; each process of it has ``mark`` among its arguments."""
    code = HOSTILE.strip().replace("{", "{{").replace("}", "}}")
    return [sys.executable, "-I", "-S", "-u", "-c", code, mark]


def hostile(mark: str, name: str = "hostile", stop_grace: float = 0.3) -> Command:
    """A command that runs a hostile tree."""
    return command(name, *hostile_words(mark), stop_grace=stop_grace)


def marked(mark: str) -> list[int]:
    """The processes, this one excepted, that have ``mark`` among their arguments."""
    return [pid for pid in _processes() if mark.encode() in _read(pid, "cmdline") and pid != os.getpid()]


def shim_of(job_id: str) -> int:
    """The process of a job's shim, which has the job's folder among its arguments."""
    return next(pid for pid in marked(job_id) if b"shim" in _read(pid, "cmdline"))


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""
