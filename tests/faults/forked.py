"""Servers forked from a process that has read the program already: they are ready at once, and can be killed often."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import app
from benchmarks.server import READY, START_SECONDS, STOP_SECONDS
from benchmarks.table import Wrong
from benchmarks.waiting import until

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["app"])


class ForkedServer:
    """One server that is ready."""

    def __init__(self, process: BaseProcess, log: Path) -> None:
        self._process = process
        self._log = log

    @classmethod
    async def start(cls, options: Sequence[str], log: Path) -> ForkedServer:
        """One with these options of its command line, which writes to the file ``log``. Raises ``Wrong``."""
        process = _FORKS.Process(target=_serve, args=(list(options), str(log)), daemon=True)
        process.start()
        await until(lambda: _is_ready(log) or not process.is_alive(), START_SECONDS)
        if not _is_ready(log):
            process.kill()
            raise Wrong(f"the server did not start: {_tail(log)}")
        return cls(process, log)

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        await asyncio.to_thread(self._process.join)

    async def end(self) -> None:
        """SIGTERM, and wait until it is gone. Raises ``Wrong`` if it does not go well."""
        self._process.terminate()
        await asyncio.to_thread(self._process.join, STOP_SECONDS)
        if self._process.exitcode != 0:
            raise Wrong(f"the server left with {self._process.exitcode}: {_tail(self._log)}")


def _serve(options: Sequence[str], log: str) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    sys.exit(app.main(options))


def _is_ready(log: Path) -> bool:
    return READY.search(_tail(log)) is not None


def _tail(log: Path) -> str:
    return log.read_text()[-1000:] if log.exists() else ""
