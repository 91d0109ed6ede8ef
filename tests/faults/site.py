"""A place where Linefeed is served again and again: one catalogue, one data folder, one port."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.api import Api, JobRecord
from benchmarks.processes import marked
from benchmarks.server import ROOT, Command, Server, catalogue, spawn, started
from benchmarks.waiting import until

PROGRAMS = Path(__file__).parent / "programs"
LEAVE_SECONDS = 5.0

Commands = Callable[[str], Mapping[str, Command]]
"""The catalogue for a folder, which some commands have files in."""


class _Jobs(msgspec.Struct):
    jobs: list[JobRecord]


_JOBS = msgspec.json.Decoder(_Jobs)


@dataclass(frozen=True, slots=True)
class Site:
    """``folder`` is for whatever the scenario needs; ``data`` is the data folder as the server names it.

    Its servers ask nobody who they are, unless ``asks`` is set: then ``[auth]`` says.
    """

    folder: Path
    data: str
    port: int
    asks: bool = False

    @property
    def url(self) -> str:
        """Its address, the same for every server of this place; ends in a slash."""
        return f"http://127.0.0.1:{self.port}/"

    def serving(self, launcher: Sequence[str] = ()) -> AbstractAsyncContextManager[Server]:
        """A server here; a launcher is the beginning of its command line. Told to leave at the end, if it still is."""
        return started([*launcher, *self.argv])

    def shims(self) -> set[int]:
        """The shims of its jobs, whichever server started them."""
        return marked(self.data + "/") & marked("/shim")

    async def kill_while_starting(self, seconds: float) -> None:
        """Start a server and SIGKILL it after this time, wherever it is then."""
        with tempfile.TemporaryFile() as log:
            process = spawn(self.argv, log.fileno())
        await asyncio.sleep(seconds)  # the moment of the kill is the scenario
        process.kill()
        await asyncio.to_thread(process.wait)

    @property
    def argv(self) -> list[str]:
        """The command line of a server here."""
        return [sys.executable, str(ROOT / "app.py"), *self.options]

    @property
    def options(self) -> list[str]:
        """What a server here is told on its command line."""
        options = ("--config", str(self.folder / "catalogue.toml"), "--bind", f"127.0.0.1:{self.port}")
        return [*options, "--data", self.data, *([] if self.asks else ["--no-token"])]


def program(name: str, *arguments: str) -> list[str]:
    """The argv that runs one of the fault tests' own programs."""
    return [sys.executable, "-I", "-S", str(PROGRAMS / f"{name}.py"), *arguments]


@asynccontextmanager
async def site(
    commands: Commands, sections: str = "", data: str = "", pool: str = "running = 16", *, asks: bool = False
) -> AsyncIterator[Site]:
    """A fresh place; ``sections`` are more of its TOML. Jobs that outlive their server are ended with it."""
    folder = Path(tempfile.mkdtemp(prefix="linefeed-faults-"))
    (folder / "catalogue.toml").write_text(f"{catalogue(commands(str(folder)), pool)}\n{sections}\n")
    place = Site(folder, data or str(folder / "data"), _free_port(), asks)
    try:
        yield place
    finally:
        await _end_shims(place)
        shutil.rmtree(folder, ignore_errors=True)


async def all_jobs(api: Api) -> list[JobRecord]:
    """Every job of a server, newest first."""
    answer = await api.connection.request("GET", "/api/v1/jobs?limit=1000")
    return _JOBS.decode(answer.body).jobs


async def kill(server: Server) -> None:
    """SIGKILL, and wait until it is gone."""
    server.process.kill()
    await asyncio.to_thread(server.process.wait)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _end_shims(place: Site) -> None:
    """SIGTERM makes a shim stop its job; what does not leave so is killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in place.shims():
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        await until(lambda: not place.shims(), LEAVE_SECONDS)
